"""Copies of a fact that say something else: the first stands, and the other is told of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from events.codec import content_digest, encode
from events.log import Appended, EventLog, Record, StoredRecord
from schemas.catalogue import Topic, load_all
from schemas.clock import Clock
from schemas.envelope import Derivation, Envelope, Position
from schemas.ids import named_id

PROCESSOR = "collector"
# Measured anew at each arrival, so a copy that was sent again differs in them.
_NOT_COMPARED = frozenset(("hit", "seconds_on_form", "clocks"))


class Conflicts:
    """Makes ``fact.conflicted`` events. Blocks for the log; call it from a thread."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._kind = load_all().newest("fact.conflicted")

    def records(self, sent: Sequence[Record], appended: Appended) -> list[Record]:
        """One record per copy that differs, under an id that follows from both contents."""
        made = (
            self._record(sent[index], appended.positions[index])
            for index in sorted(appended.conflicts)
        )
        return [record for record in made if record is not None]

    def _record(self, copy: Record, place: Position) -> Record | None:
        first = self._log.read(*place, 1).records[0]
        difference = _difference(first, copy)
        if not difference:
            return None
        workspace = str(orjson.loads(first.head)["workspace"])
        data = {"first_event_id": first.event_id, "difference": difference}
        digest = content_digest(copy.type, copy.data)
        envelope = Envelope(
            event_id=named_id(workspace, self._kind.name, first.event_id, digest.hex()),
            type=self._kind.name,
            schema_version=self._kind.version,
            topic=Topic.DERIVED,
            workspace=workspace,
            key=first.key,
            producer=PROCESSOR,
            received_at=self._clock(),
            data=orjson.dumps(data),
            causation_id=first.event_id,
            derived=Derivation(PROCESSOR, 1, 0),
        )
        return encode(envelope)


def _difference(first: StoredRecord, copy: Record) -> str:
    """The names of the fields that differ, never what is in them; empty if none does."""
    if first.type != copy.type:
        return f"type: {first.type}, then {copy.type}"
    before, after = _content(first.data), _content(copy.data)
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    return "fields: " + ", ".join(names) if names else ""


def _content(data: bytes) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(data)
    return {name: value for name, value in content.items() if name not in _NOT_COMPARED}
