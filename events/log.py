"""The log: the record of all that happened, and the contract every backend of it keeps.

1.  A log has three topics, each with the same number of partitions, fixed when it is made.
2.  A record's partition follows from its key alone.
3.  Offsets of a partition are 0, 1, 2 ... without holes, in the order in which they became durable.
4.  ``append`` answers when every record of the call is on disk, or raises. A log in one file then
    has nothing of the call. One on several machines may have, or get, some of it: the same call
    sent again completes it and stores nothing twice.
5.  Records of one call get offsets in the order of the call.
6.  A record that claims an id seen within the hot window is not stored again: the answer names the
    place of the first copy, and says whether the contents differ.
7.  A record marked ``fresh`` carries an id drawn at random just now; it is not looked up.
8.  ``recorded_at`` is the log's clock, set when the place is given: in one file it never falls,
    nor does it between topics; on several machines it is each broker's clock.
9.  Readers see a record only when it is durable, and then for ever, byte for byte.
10. A page is (from, to, records): what a filter leaves out is passed over, not pretended absent.
11. Any number of threads may append and read at once; appending never waits for readers.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from events.cursor import Cursor
from schemas.catalogue import Topic
from schemas.envelope import Position

HOT_WINDOW_DAYS = 7


_BATCH = b'"batch_id":"'
_UUID = 36


class CopyIds(NamedTuple):
    """By what the copies of one event are known.

    Of those that share ``own`` the log keeps the first. Copies that came with other batches are
    kept too, since the second stands when the first one's batch is undone (R31); they are told as
    copies all the same, by one of the ``others``: ``plain`` is that of the copy without a batch,
    ``any`` that of the first with one.
    """

    own: bytes
    any: bytes
    plain: bytes


def copy_ids(event_id: UUID, head: bytes) -> CopyIds | bytes:
    """The ids of a record; of one without a batch its own alone, for nearly all are."""
    start = head.find(_BATCH) + len(_BATCH)
    if start < len(_BATCH):
        return event_id.bytes
    return copies_of_batch(event_id, head[start : start + _UUID])


def copies_of_batch(event_id: UUID, batch: bytes) -> CopyIds:
    """The ids of an event that came with a batch."""
    plain = event_id.bytes
    return CopyIds(_named(plain, batch), _named(plain, b"any"), plain)


def _named(event_id: bytes, batch: bytes) -> bytes:
    return hashlib.blake2b(event_id + batch, digest_size=16).digest()


class Record(NamedTuple):
    """An event as bytes, on its way into the log.

    ``type`` is the wire type with its version; ``head`` is every attribute that has no field here.
    ``digest`` tells copies with other content; a ``fresh`` record has no copies and needs none.
    """

    topic: Topic
    key: str
    event_id: UUID
    type: str
    head: bytes
    data: bytes
    digest: bytes
    fresh: bool = False


class StoredRecord(NamedTuple):
    """A record with its place and its time."""

    position: Position
    recorded_at: int
    key: str
    event_id: UUID
    type: str
    head: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of each record of one append, in the order of the call.

    ``pending`` is the id under which the records wait for their places, if they have none yet.
    """

    positions: tuple[Position, ...]
    duplicates: frozenset[int] = frozenset()
    conflicts: frozenset[int] = frozenset()
    pending: UUID | None = None

    @property
    def cursor(self) -> Cursor:
        """A cursor that has passed all of them: what a reader waits for to see his own writes."""
        return Cursor.after(self.positions)

    @property
    def position(self) -> str:
        """What the sender is told: the cursor, or ``pending:`` and the id they wait under."""
        return self.cursor.encode() if self.pending is None else f"pending:{self.pending}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records of a range to hand over. Times are recorded times, ``until`` exclusive."""

    keys: frozenset[str] | None = None
    types: frozenset[str] | None = None
    since: int | None = None
    until: int | None = None

    def takes(self, record: StoredRecord) -> bool:
        """Whether a record is asked for."""
        return (
            (self.keys is None or record.key in self.keys)
            and (self.types is None or record.type in self.types)
            and (self.since is None or record.recorded_at >= self.since)
            and (self.until is None or record.recorded_at < self.until)
        )


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Slice:
    """A range of one partition, [start, end), and the records in it that were asked for."""

    topic: Topic
    partition: int
    start: int
    end: int
    records: tuple[StoredRecord, ...]


class EventLog(ABC):
    """The port of the log; the module's docstring is its contract."""

    partitions: int

    @abstractmethod
    def append(self, records: Sequence[Record]) -> Future[Appended]:
        """Store records durably. Never blocks; the future raises ``LogUnavailable``."""

    @abstractmethod
    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        """Up to ``limit`` places from ``start`` on. Blocks for the disk, not for writers."""

    @abstractmethod
    def heads(self) -> Cursor:
        """The next offset of every partition."""

    @abstractmethod
    def cursor_at(self, recorded_at: int) -> Cursor:
        """The cursor behind all records with at most this recorded time."""

    @abstractmethod
    def close(self) -> None:
        """Finish what was accepted, then stop. Later appends raise ``LogUnavailable``."""


class OwnedLog(EventLog):
    """A log as the process has it that appends; it alone knows the ids of the hot window."""

    @abstractmethod
    def find(self, copies: Sequence[bytes]) -> list[Position | None]:
        """Where events lie that came within the hot window under ids of their sources'.

        They are asked for by what ``copy_ids`` says.
        """
