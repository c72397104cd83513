"""The log's SQLite file: its tables, and reading them, which any number of processes may do.

One table holds all blocks, its integer key the position of a block's first record (``places``). The
driver is used directly: SQLAlchemy's execution adds more per statement than SQLite needs for the
insert itself, and nothing here is more than one dialect.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from events.blocks import ids, unpack
from events.cursor import TOPICS, Cursor, Place
from events.hot_ids import TABLES as ID_TABLES
from events.hot_ids import Known, note_copy
from events.log import Filter, Slice, StoredRecord
from events.places import number_of, position_of
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import FormatUnknown, LogUnavailable

FORMAT = 2


class LogFile:
    """Reads the file; each thread through a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._open: dict[threading.Thread, sqlite3.Connection] = {}
        self._lock = threading.Lock()

    def read(self, topic: Topic, partition: int, start: int, end: int, only: Filter) -> Slice:
        """The records of [start, end) that a filter takes; ``end`` is at most the head."""
        if end <= start:
            return Slice(topic, partition, start, start, ())
        records = tuple(r for r in self._records(topic, partition, start, end) if only.takes(r))
        return Slice(topic, partition, start, end, records)

    def _records(
        self, topic: Topic, partition: int, start: int, end: int
    ) -> Iterator[StoredRecord]:
        place = (topic, partition)
        rows = self.reader().execute(
            "SELECT id, recorded_at, body FROM block WHERE id >= "
            "(SELECT max(id) FROM block WHERE id <= ?) AND id < ? ORDER BY id",
            (number_of(place, start), number_of(place, end)),
        )
        first = number_of(place, 0)
        for number, recorded_at, body in rows:
            yield from unpack(body, topic, partition, number - first, recorded_at, start, end)

    def ids(
        self, topic: Topic, partition: int, start: int, end: int
    ) -> Iterator[tuple[int, int, dict[bytes, Known]]]:
        """For every block that begins in [start, end): recorded time, number of records, ids."""
        place = (topic, partition)
        rows = self.reader().execute(
            "SELECT id, count, recorded_at, body FROM block WHERE id >= ? AND id < ? ORDER BY id",
            (number_of(place, start), number_of(place, end)),
        )
        for number, count, recorded_at, body in rows:
            first = position_of(number).offset
            seen: dict[bytes, Known] = {}
            for offset, found in enumerate(ids(body), first):
                if found is not None:
                    note_copy(seen, found[0], Known(Position(topic, partition, offset), found[1]))
            yield recorded_at, count, seen

    def digest_at(self, position: Position) -> bytes:
        """The content digest of the record at a position."""
        number, *_ = self._block_at(position[:2], position.offset)
        row = self.reader().execute("SELECT body FROM block WHERE id = ?", (number,)).fetchone()
        behind = number_of(position[:2], position.offset) - number
        found = next(islice(ids(row[0]), behind, None))
        return found[1] if found else b""

    def first_after(self, place: Place, recorded_at: int, head: int) -> int:
        """The offset behind all records of a place with at most this recorded time."""
        low, high = 0, head
        while low < high:
            number, count, at = self._block_at(place, (low + high) // 2)
            start = position_of(number).offset
            low, high = (start + count, high) if at <= recorded_at else (low, start)
        return low

    def head(self, topic: Topic, partition: int) -> int:
        """The next offset of a partition, as the file has it now."""
        return head_of(self.reader(), (topic, partition))

    def heads(self, partitions: int) -> Cursor:
        """The next offset of every partition, as the file has it now."""
        reader = self.reader()
        reader.execute("BEGIN")  # one snapshot: a commit adds to several partitions at once
        try:
            return Cursor({place: head_of(reader, place) for place in places(partitions)})
        finally:
            reader.execute("COMMIT")

    def partitions(self) -> int:
        """How many partitions the log was made with."""
        row = self.reader().execute("SELECT partitions FROM log_format").fetchone()
        return int(row[0])

    def reader(self) -> sqlite3.Connection:
        """A connection of the calling thread's own, for reading."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self._path)
            connection.execute("PRAGMA query_only=ON")
            self._local.connection = connection
            self._keep(connection)
        return connection

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._open.values():
                connection.close()
            self._open.clear()

    def _block_at(self, place: Place, offset: int) -> tuple[int, int, int]:
        """Number, count and recorded time of the block that holds an offset."""
        row: tuple[int, int, int] = (
            self.reader()
            .execute(
                "SELECT id, count, recorded_at FROM block WHERE id <= ? ORDER BY id DESC LIMIT 1",
                (number_of(place, offset),),
            )
            .fetchone()
        )
        return row

    def _keep(self, connection: sqlite3.Connection) -> None:
        """Note the calling thread's connection; close those of threads that have ended.

        A connection is part of a reference cycle, so it would outlive its thread for long.
        """
        with self._lock:
            for thread in [t for t in self._open if not t.is_alive()]:
                self._open.pop(thread).close()
            self._open[threading.current_thread()] = connection


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the file. Raises ``LogUnavailable``."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=5000")
    except sqlite3.Error as error:
        raise LogUnavailable(f"The log cannot be opened: {error}.") from error
    return connection


def places(partitions: int) -> Iterator[Place]:
    """Every partition of every topic."""
    return ((topic, partition) for topic in TOPICS for partition in range(partitions))


def head_of(connection: sqlite3.Connection, place: Place) -> int:
    """The next offset of a partition."""
    return _end_of(connection, place)[0]


def last_recorded(connection: sqlite3.Connection, partitions: int) -> int:
    """The newest recorded time of all partitions; 0 in an empty log."""
    return max(_end_of(connection, place)[1] for place in places(partitions))


def _end_of(connection: sqlite3.Connection, place: Place) -> tuple[int, int]:
    """The next offset of a partition, and the recorded time of the record before it."""
    first = number_of(place, 0)
    row = connection.execute(
        "SELECT id, count, recorded_at FROM block WHERE id >= ? AND id < ? "
        "ORDER BY id DESC LIMIT 1",
        (first, number_of((place[0], place[1] + 1), 0)),
    ).fetchone()
    return (row[0] - first + row[1], row[2]) if row else (0, 0)


def prepare(connection: sqlite3.Connection, partitions: int) -> int:
    """Make the tables on the first start; answer the number of partitions fixed then."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS log_format (version INTEGER, partitions INTEGER)"
    )
    row = connection.execute("SELECT version, partitions FROM log_format").fetchone()
    if row is None:
        row = (FORMAT, partitions)
        connection.execute("INSERT INTO log_format VALUES (?, ?)", row)
    if row[0] != FORMAT:
        raise FormatUnknown(f"The log has format {row[0]}; this version reads format {FORMAT}.")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, "
        "recorded_at INTEGER NOT NULL, body BLOB NOT NULL)"
    )
    for statement in ID_TABLES:
        connection.execute(statement)
    return int(row[1])
