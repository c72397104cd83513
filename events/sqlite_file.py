"""The log's SQLite file: its tables, and reading them, which any number of processes may do.

Each partition of each topic is a table of blocks, so that every insert goes to the right-hand end
of a B-tree. The driver is used directly: SQLAlchemy's execution adds more per statement than SQLite
needs for the insert itself, and nothing here is more than one dialect.
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
from events.hot_ids import Known
from events.log import Filter, Slice, StoredRecord
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
        table = table_of((topic, partition))
        rows = self.reader().execute(
            f"SELECT start, recorded_at, body FROM {table} WHERE start >= "
            f"(SELECT max(start) FROM {table} WHERE start <= ?) AND start < ? ORDER BY start",
            (start, end),
        )
        for first, recorded_at, body in rows:
            yield from unpack(body, topic, partition, first, recorded_at, start, end)

    def ids(
        self, topic: Topic, partition: int, start: int, end: int
    ) -> Iterator[tuple[int, int, dict[bytes, Known]]]:
        """For every block that begins in [start, end): recorded time, number of records, ids."""
        rows = self.reader().execute(
            f"SELECT start, count, recorded_at, body FROM {table_of((topic, partition))} "
            "WHERE start >= ? AND start < ? ORDER BY start",
            (start, end),
        )
        for first, count, recorded_at, body in rows:
            yield (
                recorded_at,
                count,
                {
                    found[0]: Known(Position(topic, partition, offset), found[1])
                    for offset, found in enumerate(ids(body), first)
                    if found is not None
                },
            )

    def digest_at(self, position: Position) -> bytes:
        """The content digest of the record at a position."""
        topic, partition, offset = position
        start, _, _ = self._block_at((topic, partition), offset)
        row = self.reader().execute(
            f"SELECT body FROM {table_of((topic, partition))} WHERE start = ?", (start,)
        )
        found = next(islice(ids(row.fetchone()[0]), offset - start, None))
        return found[1] if found else b""

    def first_after(self, place: Place, recorded_at: int, head: int) -> int:
        """The offset behind all records of a place with at most this recorded time."""
        low, high = 0, head
        while low < high:
            start, count, at = self._block_at(place, (low + high) // 2)
            if at <= recorded_at:
                low = start + count
            else:
                high = start
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
        row: tuple[int, int, int] = (
            self.reader()
            .execute(
                f"SELECT start, count, recorded_at FROM {table_of(place)} WHERE start <= ? "
                "ORDER BY start DESC LIMIT 1",
                (offset,),
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


def table_of(place: Place) -> str:
    """The table of a partition."""
    return f"block_{place[0].split('.')[1]}_{place[1]}"


def head_of(connection: sqlite3.Connection, place: Place) -> int:
    """The next offset of a partition."""
    row = connection.execute(
        f"SELECT start + count FROM {table_of(place)} ORDER BY start DESC LIMIT 1"
    ).fetchone()
    return int(row[0]) if row else 0


def last_recorded(connection: sqlite3.Connection, partitions: int) -> int:
    """The newest recorded time of all partitions; 0 in an empty log."""
    last = 0
    for place in places(partitions):
        row = connection.execute(
            f"SELECT recorded_at FROM {table_of(place)} ORDER BY start DESC LIMIT 1"
        ).fetchone()
        last = max(last, row[0] if row else 0)
    return last


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
    for place in places(row[1]):
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table_of(place)} (start INTEGER PRIMARY KEY, "
            "count INTEGER NOT NULL, recorded_at INTEGER NOT NULL, body BLOB NOT NULL)"
        )
    for statement in ID_TABLES:
        connection.execute(statement)
    return int(row[1])
