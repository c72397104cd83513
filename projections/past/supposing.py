"""What if a version of a definition had been in force from the beginning (N6)?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from events.codec import decode, payload_of
from events.keys import key_of, partition_of
from events.log import EventLog, Filter, StoredRecord
from schemas.catalogue import Topic
from schemas.decisions.definition import DefinitionStep
from schemas.envelope import Event
from schemas.errors import Stale, UnknownEventType, Unreadable
from schemas.instants import Instant
from schemas.promotion import BUILT_IN

_STEPS = "definition."
_DRAFTED, _PUBLISHED = "definition.drafted", "definition.published"
_EVER = Instant(1)  # before every fact
_BUILT_IN = frozenset((rule.rule_id, rule.version) for rule in BUILT_IN)
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Supposition:
    """That this version had been in force before the first fact, and no other one ever."""

    definition_id: UUID
    version: int

    def hears(self, record: StoredRecord) -> bool:
        """Whether the log would have a record: of the definition it would have nothing else."""
        return _step_of(record, self.definition_id) is None

    def published(self, log: EventLog, workspace: str) -> Event | None:
        """The version as it would have been published; none if it is built in.

        It is read from the whole log: what is supposed of a past may have been drafted later.
        Raises ``Stale`` where the log does not have the draft yet.
        """
        for record in _records_of(log, key_of(workspace, str(self.definition_id))):
            found = _step_of(record, self.definition_id)
            if found is not None and found[0].type == _DRAFTED and found[1].version == self.version:
                return replace(found[0], type=_PUBLISHED, effective_at=_EVER)
        if (self.definition_id, self.version) in _BUILT_IN:
            return None
        raise Stale("The version of the rule is not in the log yet. Ask again.")


def _records_of(log: EventLog, key: str) -> Iterator[StoredRecord]:
    place = (Topic.DECISIONS, partition_of(key, log.partitions))
    at, end = 0, log.heads()[place]
    while at < end:
        page = log.read(*place, at, _PAGE, Filter(keys=frozenset((key,))))
        yield from page.records
        at = page.end


def _step_of(record: StoredRecord, definition_id: UUID) -> tuple[Event, DefinitionStep] | None:
    if not record.type.startswith(_STEPS):
        return None
    try:
        event = decode(record)
        step = payload_of(event)
    except (Unreadable, UnknownEventType):
        return None  # the sink tells of it
    if not isinstance(step, DefinitionStep) or step.definition_id != definition_id:
        return None
    return event, step
