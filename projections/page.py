"""A page: what a projection is given at once, and the cursor it stands on afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from events.codec import decode
from events.cursor import TOPICS, Cursor
from events.log import EVERYTHING, EventLog, Filter, Slice, StoredRecord
from schemas.envelope import Event
from schemas.errors import UnknownEventType, Unreadable


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that could not be read, and why."""

    record: StoredRecord
    error: str


@dataclass(frozen=True, slots=True)
class Page:
    """The events between two cursors, in the order of their recording."""

    start: Cursor
    end: Cursor
    events: tuple[Event, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def recorded_at(self) -> int:
        """The latest recorded time of the page; 0 for an empty one."""
        return self.events[-1].recorded_at if self.events else 0


def read_page(
    log: EventLog, start: Cursor, limit: int, until: Cursor | None = None, only: Filter = EVERYTHING
) -> Page:
    """The next page of all partitions: up to ``limit`` records, never past ``until``."""
    heads = until or log.heads()
    places = [(t, p) for t in TOPICS for p in range(log.partitions) if heads[t, p] > start[t, p]]
    # Each place gets its share, so that a flood in one partition holds up no other.
    share = max(1, limit // max(1, len(places)))
    slices = [
        log.read(topic, p, start[topic, p], min(share, heads[topic, p] - start[topic, p]), only)
        for topic, p in places
    ]
    ends = {(part.topic, part.partition): part.end for part in slices}
    return make_page(start, start.moved(ends), slices)


def read_range(log: EventLog, start: Cursor, end: Cursor) -> Page:
    """Exactly the page between two cursors."""
    slices = [
        log.read(topic, partition, start[topic, partition], offset - start[topic, partition])
        for (topic, partition), offset in end.items()
        if offset > start[topic, partition]
    ]
    return make_page(start, end, slices)


def make_page(start: Cursor, end: Cursor, slices: Sequence[Slice]) -> Page:
    """A page out of slices; what cannot be decoded or validated is set aside, with the reason."""
    events: list[Event] = []
    failures: list[Failure] = []
    for part in slices:
        for record in part.records:
            try:
                events.append(decode(record))
            except (Unreadable, UnknownEventType) as error:
                failures.append(Failure(record, str(error)))
    events.sort(key=lambda e: (e.recorded_at, e.position))
    return Page(start, end, tuple(events), tuple(failures))
