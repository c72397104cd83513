"""The log in one SQLite file: WAL, full sync, one writer thread that commits many calls at once.

Each partition of each topic is a table of its own, so that every insert goes to the right-hand end
of a B-tree. Ids of the hot window lie in one table a day, dropped whole: one index over random ids
would grow without end, and every insert touch another page of it.

The driver is used directly: SQLAlchemy's execution adds more per statement than SQLite needs for
the insert itself, and nothing here is more than one dialect.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from events.cursor import TOPICS, Cursor, Place
from events.keys import partition_of
from events.log import (
    EVERYTHING,
    HOT_WINDOW_DAYS,
    Appended,
    EventLog,
    Filter,
    Record,
    Slice,
    StoredRecord,
)
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.envelope import Position
from schemas.errors import FormatUnknown, LogUnavailable
from schemas.instants import DAY

_JOBS_PER_COMMIT = 512
_IDS_PER_QUERY = 500

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
    job: Job
    answer: Future[Any]


class SqliteLog(EventLog):
    """The embedded log. Owns its file: one process at a time."""

    def __init__(self, path: Path, clock: Clock, partitions: int = 4) -> None:
        self._path = path
        self._clock = clock
        self._readers = threading.local()
        self._open_readers: dict[threading.Thread, sqlite3.Connection] = {}
        self._readers_lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._intake = threading.Lock()
        self._closed = False
        connection = self._connect()
        self.partitions = _prepare(connection, partitions)
        self._next = {
            place: connection.execute(f"SELECT ifnull(max(offset) + 1, 0) FROM {_table(place)}")
            .fetchone()[0]
            for place in self._places()
        }  # fmt: skip
        self._heads = Cursor(self._next)
        self._last = self._last_recorded(connection)
        self._days = sorted(_days(connection))
        self._writer = threading.Thread(
            target=self._write, args=(connection,), name="log-writer", daemon=True
        )
        self._writer.start()

    # The port

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        return self.submit(lambda connection: self.append_within(connection, records))

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        end = min(start + limit, self._heads[topic, partition])
        if end <= start:
            return Slice(topic, partition, start, start, ())
        rows = self._reader().execute(
            "SELECT offset, recorded_at, key, event_id, type, head, data "
            f"FROM {_table((topic, partition))} WHERE offset >= ? AND offset < ? ORDER BY offset",
            (start, end),
        )
        records = (_stored(topic, partition, row) for row in rows)
        return Slice(topic, partition, start, end, tuple(r for r in records if only.takes(r)))

    def heads(self) -> Cursor:
        return self._heads

    def cursor_at(self, recorded_at: int) -> Cursor:
        return Cursor({place: self._first_after(place, recorded_at) for place in self._places()})

    def find(self, event_id: UUID) -> Position | None:
        reader = self._reader()
        reader.execute("BEGIN")  # one snapshot: the writer may be dropping a day's table
        try:
            found = _seen(reader, list(_days(reader)), [event_id.bytes]).get(event_id.bytes)
        finally:
            reader.execute("COMMIT")
        return found[0] if found else None

    def close(self) -> None:
        with self._intake:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        with self._readers_lock:
            for connection in self._open_readers.values():
                connection.close()

    # The writer, which the gate uses too

    def submit(self, job: Job) -> Future[Any]:
        """Run a job inside the next commit; its own failure undoes only itself."""
        answer: Future[Any] = Future()
        with self._intake:  # so that nothing is put behind the mark that ends the queue
            if not self._closed:
                self._queue.put(_Waiting(job, answer))
                return answer
        answer.set_exception(LogUnavailable("The log is closed."))
        return answer

    def append_within(self, connection: sqlite3.Connection, records: Sequence[Record]) -> Appended:
        """Append inside a job of the writer."""
        self._last = max(self._last, self._clock())
        day = self._last // DAY
        if day not in self._days:
            self._turn_day(connection, day)
        known = _seen(connection, self._days, [r.event_id.bytes for r in records if not r.fresh])
        positions: list[Position] = []
        duplicates: set[int] = set()
        conflicts: set[int] = set()
        rows: dict[Place, list[tuple[Any, ...]]] = {}
        seen: list[tuple[Any, ...]] = []
        for index, record in enumerate(records):
            raw = record.event_id.bytes
            if not record.fresh and raw in known:
                position, digest = known[raw]
                duplicates.add(index)
                if digest != record.digest:
                    conflicts.add(index)
            else:
                position = self._give_place(record, rows)
                if not record.fresh:
                    known[raw] = (position, record.digest)
                    seen.append((raw, record.digest, TOPICS.index(record.topic), *position[1:]))
            positions.append(position)
        for place, some in rows.items():
            connection.executemany(f"INSERT INTO {_table(place)} VALUES (?,?,?,?,?,?,?)", some)
        connection.executemany(f"INSERT INTO seen_{day} VALUES (?,?,?,?,?)", seen)
        return Appended(tuple(positions), frozenset(duplicates), frozenset(conflicts))

    def reader(self) -> sqlite3.Connection:
        """A connection of the calling thread's own, for reading."""
        return self._reader()

    # Inside

    def _give_place(self, record: Record, rows: dict[Place, list[tuple[Any, ...]]]) -> Position:
        place = (record.topic, partition_of(record.key, self.partitions))
        offset = self._next[place]
        self._next[place] = offset + 1
        rows.setdefault(place, []).append(
            (offset, self._last, record.event_id.bytes, record.type, record.key, record.head,
             record.data)
        )  # fmt: skip
        return Position(place[0], place[1], offset)

    def _write(self, connection: sqlite3.Connection) -> None:
        """The writer thread: take all that waits, commit it as one, then answer."""
        going = True
        while going:
            waiting, going = self._gather()
            if waiting:
                self._commit(connection, waiting)
        connection.close()

    def _gather(self) -> tuple[list[_Waiting], bool]:
        first = self._queue.get()
        if first is None:
            return [], False
        waiting = [first]
        while len(waiting) < _JOBS_PER_COMMIT:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return waiting, False
            waiting.append(item)
        return waiting, True

    def _commit(self, connection: sqlite3.Connection, waiting: list[_Waiting]) -> None:
        # A caller that stopped waiting may have canceled its answer, and gets none.
        waiting = [item for item in waiting if item.answer.set_running_or_notify_cancel()]
        before, days = dict(self._next), list(self._days)
        done: list[tuple[_Waiting, Any]] = []
        refused: list[tuple[_Waiting, Exception]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for item in waiting:
                try:
                    done.append((item, self._attempt(connection, item.job)))
                except Exception as error:
                    if _is_trouble(error):
                        raise
                    refused.append((item, error))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):  # the transaction may already be gone
                connection.execute("ROLLBACK")
            self._next, self._days = before, days
            failure = LogUnavailable(f"The log cannot write: {error}. Nothing was stored.")
            for item in waiting:
                item.answer.set_exception(failure)
            return
        self._heads = Cursor(self._next)
        for item, result in done:
            item.answer.set_result(result)
        for item, refusal in refused:
            item.answer.set_exception(refusal)

    def _attempt(self, connection: sqlite3.Connection, job: Job) -> Any:
        before, days = dict(self._next), list(self._days)
        connection.execute("SAVEPOINT job")
        try:
            result = job(connection)
        except Exception as error:
            if not _is_trouble(error):
                self._next, self._days = before, days
                connection.execute("ROLLBACK TO job")
            raise
        finally:
            # After a driver error the transaction may be gone and the outer handler takes over.
            if connection.in_transaction:
                connection.execute("RELEASE job")
        return result

    def _turn_day(self, connection: sqlite3.Connection, day: int) -> None:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS seen_{day} (event_id BLOB PRIMARY KEY, digest BLOB, "
            "topic INTEGER, partition INTEGER, offset INTEGER) WITHOUT ROWID"
        )
        for old in [d for d in self._days if d < day - HOT_WINDOW_DAYS]:
            connection.execute(f"DROP TABLE seen_{old}")
            self._days.remove(old)
        self._days = sorted({*self._days, day})

    def _first_after(self, place: Place, recorded_at: int) -> int:
        low, high = 0, self._heads[place]
        while low < high:
            middle = (low + high) // 2
            row = self._reader().execute(
                f"SELECT recorded_at FROM {_table(place)} WHERE offset = ?", (middle,)
            ).fetchone()  # fmt: skip
            low, high = (middle + 1, high) if row[0] <= recorded_at else (low, middle)
        return low

    def _last_recorded(self, connection: sqlite3.Connection) -> int:
        last = 0
        for place in self._places():
            row = connection.execute(
                f"SELECT recorded_at FROM {_table(place)} ORDER BY offset DESC LIMIT 1"
            ).fetchone()
            last = max(last, row[0] if row else 0)
        return last

    def _places(self) -> Iterator[Place]:
        return ((topic, p) for topic in TOPICS for p in range(self.partitions))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=5000")
        return connection

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
            self._readers.connection = connection
            self._keep(connection)
        return connection

    def _keep(self, connection: sqlite3.Connection) -> None:
        """Note the calling thread's connection; close those of threads that have ended.

        A connection is part of a reference cycle, so it would outlive its thread for long.
        """
        with self._readers_lock:
            for thread in [t for t in self._open_readers if not t.is_alive()]:
                self._open_readers.pop(thread).close()
            self._open_readers[threading.current_thread()] = connection


def _is_trouble(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and not isinstance(error, _OWN_FAULT)


def _table(place: Place) -> str:
    return f"log_{place[0].split('.')[1]}_{place[1]}"


def _prepare(connection: sqlite3.Connection, partitions: int) -> int:
    """Make the tables on the first start; answer the number of partitions fixed then."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS log_format (version INTEGER, partitions INTEGER)"
    )
    row = connection.execute("SELECT version, partitions FROM log_format").fetchone()
    if row is None:
        row = (1, partitions)
        connection.execute("INSERT INTO log_format VALUES (?, ?)", row)
    if row[0] != 1:
        raise FormatUnknown(f"The log has format {row[0]}; this version reads format 1.")
    for topic in TOPICS:
        for partition in range(row[1]):
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {_table((topic, partition))} "
                "(offset INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, "
                "event_id BLOB NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL, "
                "head BLOB NOT NULL, data BLOB NOT NULL)"
            )
    return int(row[1])


def _days(connection: sqlite3.Connection) -> Iterator[int]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'seen_[0-9]*'")
    return (int(name.removeprefix("seen_")) for (name,) in names.fetchall())


def _seen(
    connection: sqlite3.Connection, days: Sequence[int], ids: Sequence[bytes]
) -> dict[bytes, tuple[Position, bytes]]:
    """Where ids were seen within the hot window, with their digests."""
    found: dict[bytes, tuple[Position, bytes]] = {}
    for start in range(0, len(ids), _IDS_PER_QUERY):
        some = ids[start : start + _IDS_PER_QUERY]
        marks = ",".join("?" * len(some))
        for day in days:
            rows = connection.execute(
                f"SELECT event_id, digest, topic, partition, offset FROM seen_{day} "
                f"WHERE event_id IN ({marks})",
                some,
            )
            for raw, digest, topic, partition, offset in rows:
                found[raw] = (Position(TOPICS[topic], partition, offset), digest)
    return found


def _stored(topic: Topic, partition: int, row: tuple[Any, ...]) -> StoredRecord:
    offset, recorded_at, key, raw, event_type, head, data = row
    return StoredRecord(
        Position(topic, partition, offset),
        recorded_at,
        key,
        UUID(bytes=raw),
        event_type,
        head,
        data,
    )
