"""The log in one SQLite file: WAL, full sync, one writer thread that commits many calls at once.

A commit gathers what its calls append in memory and writes it as one block per partition
(``blocks``). Ids of the hot window are ``hot_ids``; the tables, and reading them, ``sqlite_file``.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events import blocks
from events.cursor import Cursor, Place
from events.hot_ids import HotIds, Known, note_copy
from events.intake import Intake
from events.keys import partition_of
from events.log import (
    EVERYTHING,
    HOT_WINDOW_DAYS,
    Appended,
    CopyIds,
    Filter,
    OwnedLog,
    Record,
    Slice,
    copy_ids,
)
from events.places import number_of
from events.sqlite_file import (
    LogFile,
    connect,
    head_of,
    last_recorded,
    places,
    prepare,
)
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.envelope import Position
from schemas.errors import LogUnavailable

# Driver errors that a job brings on itself. Any other says that the store is in trouble.
_OWN_FAULT = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
)

Job = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True)
class _Waiting:
    """Records to append, or a job of the gate's that appends among other things."""

    answer: Future[Any]
    records: Sequence[Record]
    job: Job | None = None


@dataclass(slots=True)
class _Tail:
    """What a commit adds to the log, in memory until it is written, so that a job can be undone."""

    rows: dict[Place, list[Record]] = field(default_factory=dict)
    seen: dict[bytes, Known] = field(default_factory=dict)
    records: int = 0

    def mark(self) -> tuple[dict[Place, int], int]:
        """Where the tail ends now."""
        return {place: len(some) for place, some in self.rows.items()}, len(self.seen)

    def undo(self, mark: tuple[dict[Place, int], int]) -> None:
        """Forget what came after a mark."""
        lengths, ids = mark
        for place, some in self.rows.items():
            del some[lengths.get(place, 0) :]
        while len(self.seen) > ids:
            self.seen.popitem()
        self.records = sum(len(some) for some in self.rows.values())


class SqliteLog(OwnedLog):
    """The embedded log. One process at a time may append; see ``sqlite_follower`` for others."""

    def __init__(self, path: Path, clock: Clock, partitions: int = 4) -> None:
        self._clock = clock
        self._file = LogFile(path)
        self._intake: Intake[_Waiting] = Intake()
        connection = connect(path)
        self.partitions = prepare(connection, partitions)
        self._next = {place: head_of(connection, place) for place in places(self.partitions)}
        self._heads = Cursor(self._next)
        self._last = last_recorded(connection, self.partitions)
        self._ids = HotIds(HOT_WINDOW_DAYS)
        self._note_since(self._ids.open(connection))
        self._tail = _Tail()
        self._writer = threading.Thread(
            target=self._write, args=(connection,), name="log-writer", daemon=True
        )
        self._writer.start()

    # The port

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        return self._intake.put(_Waiting(Future(), records))

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        end = min(start + limit, self._heads[topic, partition])
        return self._file.read(topic, partition, start, end, only)

    def heads(self) -> Cursor:
        return self._heads

    def cursor_at(self, recorded_at: int) -> Cursor:
        heads = self._heads
        first_after = self._file.first_after
        return Cursor({p: first_after(p, recorded_at, heads[p]) for p in places(self.partitions)})

    def find(self, copies: Sequence[bytes]) -> list[Position | None]:
        def look(connection: sqlite3.Connection) -> list[Position | None]:
            known = (self._ids.find(connection, raw) for raw in copies)
            return [found.position if found else None for found in known]

        found: list[Position | None] = self.submit(look).result()
        return found

    def close(self) -> None:
        if self._intake.close():
            self._writer.join()
            self._file.close()

    # The writer, which the gate uses too

    def submit(self, job: Job) -> Future[Any]:
        """Run a job inside the next commit; its own failure undoes only itself."""
        return self._intake.put(_Waiting(Future(), (), job))

    def append_within(self, connection: sqlite3.Connection, records: Sequence[Record]) -> Appended:
        """Append inside a job of the writer."""
        positions: list[Position] = []
        duplicates: set[int] = set()
        conflicts: set[int] = set()
        give_place, seen = self._give_place, self._tail.seen
        for index, record in enumerate(records):
            if record.fresh:
                positions.append(give_place(record))
                continue
            named = copy_ids(record.event_id, record.head)
            raw = named if isinstance(named, bytes) else named.own
            known = seen.get(raw) or self._ids.find(connection, raw)
            if known is None:
                position = give_place(record)
                if not isinstance(named, bytes):
                    known = self._other_copy(connection, named)
                note_copy(seen, named, Known(position, record.digest))
            else:
                position = known.position
            if known is not None:
                duplicates.add(index)
                if self._digest(known) != record.digest:
                    conflicts.add(index)
            positions.append(position)
        return Appended(tuple(positions), frozenset(duplicates), frozenset(conflicts))

    def reader(self) -> sqlite3.Connection:
        """A connection of the calling thread's own, for reading."""
        return self._file.reader()

    # Inside

    def _give_place(self, record: Record) -> Position:
        topic, partition = place = record.topic, partition_of(record.key, self.partitions)
        tail = self._tail
        rows = tail.rows.get(place)
        if rows is None:
            rows = tail.rows[place] = []
        offset = self._next[place] + len(rows)
        rows.append(record)
        tail.records += 1
        return Position(topic, partition, offset)

    def _other_copy(self, connection: sqlite3.Connection, named: CopyIds) -> Known | None:
        """A copy that came with another batch, or with none."""
        for raw in (named.plain, named.any):
            known = self._tail.seen.get(raw) or self._ids.find(connection, raw)
            if known is not None:
                return known
        return None

    def _digest(self, known: Known) -> bytes:
        """The digest of a first copy; it stands in the log itself."""
        return known.digest or self._file.digest_at(known.position)

    def _note_since(self, covered: Cursor) -> None:
        """Note the ids of records that no run holds yet."""
        for topic, partition in places(self.partitions):
            start, head = covered[topic, partition], self._heads[topic, partition]
            for recorded_at, count, seen in self._file.ids(topic, partition, start, head):
                self._ids.note(seen, count, recorded_at)

    def _write(self, connection: sqlite3.Connection) -> None:
        """The writer thread: take all that waits, commit it as one, then answer."""
        going = True
        while going:
            waiting, going = self._intake.gather()
            if waiting:
                self._commit(connection, waiting)
        connection.close()

    def _commit(self, connection: sqlite3.Connection, waiting: list[_Waiting]) -> None:
        now = max(self._last, self._clock())
        try:
            if self._ids.is_due(now):
                self._write_ids(connection, now)
            outcomes = self._work(connection, waiting, now)
        except sqlite3.Error as error:
            self._roll_back(connection)
            failure = LogUnavailable(f"The log cannot write: {error}. Nothing was stored.")
            for item in waiting:
                item.answer.set_exception(failure)
            return
        for item, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Exception):
                item.answer.set_exception(outcome)
            else:
                item.answer.set_result(outcome)

    def _work(self, connection: sqlite3.Connection, waiting: list[_Waiting], now: int) -> list[Any]:
        """Do all that waits as one transaction; answers results, or why a job was refused."""
        # Records alone need no transaction: all their blocks are one statement.
        decides = any(item.job for item in waiting)
        if decides:
            connection.execute("BEGIN IMMEDIATE")
        outcomes = [self._attempt(connection, item) for item in waiting]
        ends = self._write_blocks(connection, now)
        if decides:
            connection.execute("COMMIT")
        self._note_written(ends, now)
        return outcomes

    def _attempt(self, connection: sqlite3.Connection, item: _Waiting) -> Any:
        mark = self._tail.mark()
        try:
            if item.job is None:
                return self.append_within(connection, item.records)
            return _guarded(connection, item.job)
        except Exception as error:
            if _is_trouble(error):
                raise
            self._tail.undo(mark)
            return error

    def _write_blocks(self, connection: sqlite3.Connection, now: int) -> dict[Place, int]:
        """Write the tail in one statement; answers where its partitions end now."""
        ends: dict[Place, int] = {}
        values: list[Any] = []
        for place, records in self._tail.rows.items():
            start = self._next[place]
            for count, body in blocks.pack(records):
                values += (number_of(place, start), count, now, body)
                start += count
            ends[place] = start
        if values:
            rows = ", ".join(["(?, ?, ?, ?)"] * (len(values) // 4))
            connection.execute(f"INSERT INTO block VALUES {rows}", values)
        return ends

    def _note_written(self, ends: dict[Place, int], now: int) -> None:
        if not ends:
            return
        self._last = now
        self._next |= ends
        self._ids.note(self._tail.seen, self._tail.records, now)
        self._heads = Cursor(self._next)
        self._tail = _Tail()

    def _write_ids(self, connection: sqlite3.Connection, now: int) -> None:
        """In a transaction of its own, between two commits."""
        connection.execute("BEGIN IMMEDIATE")
        groups = self._ids.write(connection, self._heads, now)
        connection.execute("COMMIT")
        self._ids.written(groups)

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.Error):  # the transaction may already be gone
            connection.execute("ROLLBACK")
        self._tail = _Tail()


def _is_trouble(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and not isinstance(error, _OWN_FAULT)


def _guarded(connection: sqlite3.Connection, job: Job) -> Any:
    """Run a job so that its failure undoes what it wrote, and nothing else."""
    connection.execute("SAVEPOINT job")
    try:
        return job(connection)
    except Exception as error:
        if not _is_trouble(error):
            connection.execute("ROLLBACK TO job")
        raise
    finally:
        # After a driver error the transaction may be gone and the outer handler takes over.
        if connection.in_transaction:
            connection.execute("RELEASE job")
