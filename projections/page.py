"""A page: what a projection is given at once, and the cursor it stands on afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from events.codec import decode
from events.cursor import TOPICS, Cursor, Place
from events.log import EVERYTHING, EventLog, Filter, Slice, StoredRecord
from schemas.envelope import Event, Position
from schemas.errors import NotFound, UnknownEventType, Unreadable

_LARGEST_PAGE = 8 * 1024 * 1024
_AT_ONCE = 500  # so that no more than 500 large records are read in vain
_LARGE = 2048

# Both sinks of a process read the same records within moments: the second takes what the first has
# decoded. Large records are left out, so that what is remembered stays below some 32 MB.
_decode_once = lru_cache(maxsize=8000)(decode)


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
    """The next page of all partitions: up to ``limit`` records, never past ``until``.

    It is bounded by size as well: 5,000 events of 64 KiB would be 320 MB at once.
    """
    heads = until or log.heads()
    places = [(t, p) for t in TOPICS for p in range(log.partitions) if heads[t, p] > start[t, p]]
    # Each place gets its share, so that a flood in one partition holds up no other.
    share = max(1, limit // max(1, len(places)))
    size = _LARGEST_PAGE // max(1, len(places))
    slices = [
        _read_slice(log, place, start[place], min(share, heads[place] - start[place]), size, only)
        for place in places
    ]
    ends = {(part.topic, part.partition): part.end for part in slices}
    return make_page(start, start.moved(ends), slices)


def _read_slice(
    log: EventLog, place: Place, start: int, limit: int, size: int, only: Filter
) -> Slice:
    """Up to ``limit`` places whose records are ``size`` bytes together, but one record at least."""
    records: list[StoredRecord] = []
    end, last, spent = start, start + limit, 0
    while end < last:
        part = log.read(*place, end, min(_AT_ONCE, last - end), only)
        if part.end == end:
            break
        for record in part.records:
            spent += len(record.head) + len(record.data)
            if spent > size and records:
                return Slice(*place, start, record.position.offset, tuple(records))
            records.append(record)
        end = part.end
    return Slice(*place, start, end, tuple(records))


def read_range(log: EventLog, start: Cursor, end: Cursor) -> Page:
    """Exactly the page between two cursors."""
    slices = [
        log.read(topic, partition, start[topic, partition], offset - start[topic, partition])
        for (topic, partition), offset in end.items()
        if offset > start[topic, partition]
    ]
    return make_page(start, end, slices)


def read_one(log: EventLog, position: Position, here: Cursor) -> Page:
    """The page of one event that lies behind a cursor, which it does not move.

    Raises ``NotFound`` where the log has nothing there.
    """
    part = log.read(*position, 1)
    if not part.records:
        raise NotFound(f"The log has nothing at {position[0].value} {position[1]} {position[2]}.")
    return make_page(here, here, [part])


def make_page(start: Cursor, end: Cursor, slices: Sequence[Slice]) -> Page:
    """A page out of slices; what cannot be decoded or validated is set aside, with the reason."""
    events: list[Event] = []
    failures: list[Failure] = []
    for part in slices:
        for record in part.records:
            try:
                read = decode if len(record.data) > _LARGE else _decode_once
                events.append(read(record))
            except (Unreadable, UnknownEventType) as error:
                failures.append(Failure(record, str(error)))
    events.sort(key=lambda e: (e.recorded_at, e.position))
    return Page(start, end, tuple(events), tuple(failures))
