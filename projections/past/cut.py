"""The log as it lay at a cursor, for one workspace: what an installation would have read then.

Conclusions are not read but concluded anew (R4), all but captured responses: one that somebody has
decided on stays, though it would be none by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from events.codec import decode
from events.cursor import Cursor
from events.keys import key_of
from events.log import EVERYTHING, Appended, EventLog, Filter, Record, Slice, StoredRecord
from projections.judgements.classifiers import classifier_version
from projections.past.kinds import Kind, kind_of
from projections.past.supposing import Supposition
from schemas.catalogue import Topic, load_all
from schemas.errors import LogUnavailable, UnknownEventType, Unreadable

_IDENTITY = ("contact.", "visitor.")
_LATER_WORK = frozenset(("response", "lead", "opportunity"))
"""Aggregates whose decisions happen to people; all others set up what people meet."""


@dataclass(frozen=True, slots=True)
class Between:
    """A step from one state of knowledge to a later one: of what came after ``since``, which was
    at ``then`` in milliseconds, these ``kinds`` alone are known.
    """

    since: Cursor
    then: int
    kinds: frozenset[Kind]

    def takes(self, record: StoredRecord) -> bool:
        """Whether a record is known."""
        topic, partition, offset = record.position
        return offset < self.since[topic, partition] or kind_of(record, self.then) in self.kinds


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in the past of one workspace.

    ``cursor`` is knowledge. ``as_of`` is data time, in milliseconds; ``None`` is no bound.
    ``rules`` are the versions of projections that conclude from it; the newest if nothing is said.
    With ``step`` not all that came up to the cursor is known. ``supposing`` is what if.
    """

    workspace: str
    cursor: Cursor
    as_of: int | None = None
    rules: frozenset[tuple[str, int]] = frozenset()
    step: Between | None = None
    supposing: Supposition | None = None

    @property
    def classifier(self) -> int:
        """The version of the classifier by which it is judged."""
        return classifier_version(dict(self.rules), self.workspace)

    @property
    def is_actual(self) -> bool:
        """Whether it is the state of an installation at some time, and nothing made up."""
        return self.step is None and self.supposing is None


_CAPTURED = Filter(
    types=frozenset(kind.wire for kind in load_all() if kind.name == "response.captured")
)


class CutLog(EventLog):
    """Reads facts, decisions and captured responses of a moment; takes nothing."""

    def __init__(self, log: EventLog, moment: Moment) -> None:
        self.partitions = log.partitions
        self._log = log
        self._until = moment.cursor
        self._as_of = moment.as_of
        self._step = moment.step
        self._supposing = moment.supposing
        self._mine = key_of(moment.workspace, "")

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        raise LogUnavailable("Nothing is recorded in the past.")

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        if topic is Topic.DERIVED:
            only = _CAPTURED  # as folds read: without a filter of their own
        room = max(0, self._until[topic, partition] - start)
        found = self._log.read(topic, partition, start, min(limit, room), only)
        kept = tuple(record for record in found.records if self._takes(record))
        return Slice(topic, partition, start, found.end, kept)

    def heads(self) -> Cursor:
        return self._until

    def cursor_at(self, recorded_at: int) -> Cursor:
        there = self._log.cursor_at(recorded_at)
        return Cursor({place: min(o, there[place]) for place, o in self._until.items()})

    def close(self) -> None:
        """The log itself is others' to close."""

    def _takes(self, record: StoredRecord) -> bool:
        is_derived = record.position.topic is Topic.DERIVED
        return (
            record.key.startswith(self._mine)
            and (self._step is None or is_derived or self._step.takes(record))
            and (self._supposing is None or self._supposing.hears(record))
            and (self._as_of is None or _had_happened(record, self._as_of))
        )


def _had_happened(record: StoredRecord, as_of: int) -> bool:
    """Whether a record counts as of a moment of data time.

    Who is who, and what was set up, counts as it is known: people who answered a campaign in 2010
    answered it, though it was entered in 2026.
    """
    if record.type.startswith(_IDENTITY):
        return True
    try:
        event = decode(record)
    except (Unreadable, UnknownEventType):
        return True  # the sink tells of it
    kind = event.stream.kind if event.stream else ""
    is_set_up = event.topic is Topic.DECISIONS and kind not in _LATER_WORK
    return is_set_up or event.occurred_at <= as_of
