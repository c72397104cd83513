"""What was brought of the places a worker holds, as a log that its sink reads.

1. The sink reads a place at its own cursor. Where that is not what was brought, what was brought is
   dropped and the place is to be fetched anew from there: a gap is never read over.
2. What is brought must go on where the last record ended, else it is a gap and fetched again. If it
   then still begins later, retention has removed what lies before. Reading what was removed raises
   ``RangeRemoved``, and nothing is fetched until the sink has come to where the place begins.
3. A place takes no more than a bound; beyond that it is not fetched until the sink has read.
4. Any thread may call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from events.cursor import Cursor, Place
from events.log import EVERYTHING, Appended, EventLog, Filter, Record, Slice, StoredRecord
from schemas.catalogue import Topic
from schemas.errors import LogUnavailable, RangeRemoved

_NOT_KNOWN = 2**62
_MOST_RECORDS = 20_000
_MOST_BYTES = 32 << 20
_PLACE_RECORDS = 2_000


@dataclass(slots=True)
class _Lane:
    """The records brought of one place, from ``start`` on; before ``first`` there are no more."""

    start: int = _NOT_KNOWN
    records: list[StoredRecord] = field(default_factory=list)
    seek: int | None = None
    gaps: int = 0
    first: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.records)


class Delivery(EventLog):
    """The read side of a log; it has the places held, from where their sink stands."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.gaps = 0
        self._lock = threading.Lock()
        self._lanes: dict[Place, _Lane] = {}
        self._assignment = 0
        self._records = 0
        self._bytes = 0

    # The side that brings

    def assign(self, places: Iterable[Place]) -> None:
        """Have exactly these places from now on; what was brought before is dropped."""
        with self._lock:
            self._lanes = {place: _Lane() for place in places}
            self._assignment += 1
            self._records = self._bytes = 0

    def seeks(self) -> Mapping[Place, int]:
        """Where fetching is to go on from, by place; each is told once."""
        with self._lock:
            told = {
                place: at for place, lane in self._lanes.items() if (at := lane.seek) is not None
            }
            for place in told:
                self._lanes[place].seek = None
            return told

    def begin_at(self, firsts: Mapping[Place, int]) -> None:
        """Know where places begin by now; what a sink wants of before is not to be had."""
        with self._lock:
            for place, first in firsts.items():
                if place in self._lanes:
                    self._lanes[place].first = first

    def wanted(self) -> set[Place]:
        """The places to fetch: the sink has said from where, and there is room."""
        with self._lock:
            if self._records >= _MOST_RECORDS or self._bytes >= _MOST_BYTES:
                return set()
            return {
                place for place, lane in self._lanes.items()
                if lane.start != _NOT_KNOWN and lane.seek is None and lane.first <= lane.end
                and len(lane.records) < _PLACE_RECORDS
            }  # fmt: skip

    def bring(self, place: Place, records: Sequence[StoredRecord]) -> None:
        """Take what was fetched of a place."""
        with self._lock:
            lane = self._lanes.get(place)
            if lane is None or lane.seek is not None or lane.start == _NOT_KNOWN:
                return  # fetched for somebody who has lost the place, or has moved on since
            for record in records:
                offset = record.position.offset
                if offset < lane.end:
                    continue
                if offset > lane.end:
                    self._miss(place, lane, offset)
                    return
                lane.records.append(record)
                lane.gaps = 0
                self._count(record, 1)

    def _miss(self, place: Place, lane: _Lane, offset: int) -> None:
        self.gaps += 1
        lane.gaps += 1
        lane.seek = lane.end
        if lane.gaps > 1:
            lane.first, lane.seek = offset, None

    # The side that reads

    def assigned(self) -> tuple[frozenset[Place], int]:
        """The places held, and a number that grows with each assignment."""
        with self._lock:
            return frozenset(self._lanes), self._assignment

    def waiting(self) -> int:
        """How many records were brought and are not read yet, or not stored."""
        with self._lock:
            return self._records

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        """What was brought from ``start`` on; what lies before it is forgotten.

        Raises ``RangeRemoved``.
        """
        with self._lock:
            lane = self._lanes.get((topic, partition))
            if lane is None:
                return Slice(topic, partition, start, start, ())
            if not lane.start <= start <= lane.end or lane.start == _NOT_KNOWN:
                self._begin(lane, start)
            self._forget(lane, start)
            if start < lane.first and not lane.records:
                raise RangeRemoved(
                    f"{topic} {partition} no longer has offset {start}, but only {lane.first} and "
                    "later: what lies between was removed before it was read."
                )
            found = lane.records[:limit]
        taken = tuple(record for record in found if only.takes(record))
        return Slice(topic, partition, start, start + len(found), taken)

    def _begin(self, lane: _Lane, start: int) -> None:
        for record in lane.records:
            self._count(record, -1)
        lane.records = []
        lane.start = start
        lane.seek = start if start >= lane.first else None
        lane.gaps = 0

    def _forget(self, lane: _Lane, start: int) -> None:
        read = start - lane.start
        for record in lane.records[:read]:
            self._count(record, -1)
        del lane.records[:read]
        lane.start = start

    def _count(self, record: StoredRecord, sign: int) -> None:
        self._records += sign
        self._bytes += sign * (len(record.head) + len(record.data))

    def heads(self) -> Cursor:
        """Up to where places were brought; those that are not begun seem endless."""
        with self._lock:
            return Cursor({
                place: _NOT_KNOWN if lane.start == _NOT_KNOWN else max(lane.end, lane.first)
                for place, lane in self._lanes.items()
            })  # fmt: skip

    # Not for this log

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        raise LogUnavailable("Workers put their conclusions into the outbox.")

    def cursor_at(self, recorded_at: int) -> Cursor:
        raise LogUnavailable("A delivery knows no times.")

    def close(self) -> None:
        """Nothing is open."""
