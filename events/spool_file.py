"""The spool's file: entries in the order of their coming, each the records of one call.

An entry ends as ``stored``, with the cursor behind its records, or as ``refused``, with its records
and the reason. What is stored is kept for the hot window, so that its cursor can be asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.cursor import Cursor
from events.log import HOT_WINDOW_DAYS, Record
from schemas.catalogue import Topic
from schemas.instants import DAY

_TABLES = (
    "CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "id BLOB NOT NULL UNIQUE, spooled_at INTEGER NOT NULL, size INTEGER NOT NULL, "
    "cursor TEXT, reason TEXT)",
    "CREATE INDEX IF NOT EXISTS waiting ON entry (number) WHERE cursor IS NULL AND reason IS NULL",
    "CREATE TABLE IF NOT EXISTS spooled (entry INTEGER NOT NULL, place INTEGER NOT NULL, "
    "topic TEXT NOT NULL, key TEXT NOT NULL, event_id BLOB NOT NULL, type TEXT NOT NULL, "
    "head BLOB NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (entry, place)) "
    "WITHOUT ROWID",
)
_WAITS = "cursor IS NULL AND reason IS NULL"
_OVERHEAD = 200  # bytes that a record takes beside its own, at most


class Entry(NamedTuple):
    """The records of one call, which wait."""

    number: int
    size: int
    records: tuple[Record, ...]


class Waiting(NamedTuple):
    """What waits in the spool, and what was refused."""

    entries: int
    size: int
    oldest: int | None
    refused: int


class SpoolFile:
    """For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        for table in _TABLES:
            self._connection.execute(table)
        self._counted = self._count()

    def add(self, calls: Sequence[tuple[UUID, Sequence[Record]]], now: int) -> None:
        """Store calls durably, all of them or none."""
        with self._transaction():
            for identity, records in calls:
                number = self._connection.execute(
                    "INSERT INTO entry (id, spooled_at, size) VALUES (?, ?, ?)",
                    (identity.bytes, now, size_of(records)),
                ).lastrowid
                self._connection.executemany(
                    "INSERT INTO spooled VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (number, place, r.topic, r.key, r.event_id.bytes, r.type, r.head, r.data,
                         r.digest)
                        for place, r in enumerate(records)
                    ],
                )  # fmt: skip
        counted = self._counted
        self._counted = counted._replace(
            entries=counted.entries + len(calls),
            size=counted.size + sum(size_of(records) for _identity, records in calls),
        )

    def oldest(self, most: int) -> list[Entry]:
        """The entries that have waited longest. None of their records is called fresh: a copy of
        any may lie in the log already."""
        found = self._connection.execute(
            f"SELECT number, size FROM entry WHERE {_WAITS} ORDER BY number LIMIT ?", (most,)
        ).fetchall()
        return [Entry(number, size, self._records(number)) for number, size in found]

    def _records(self, number: int) -> tuple[Record, ...]:
        rows = self._connection.execute(
            "SELECT topic, key, event_id, type, head, data, digest FROM spooled "
            "WHERE entry = ? ORDER BY place",
            (number,),
        )
        return tuple(
            Record(Topic(topic), key, UUID(bytes=event_id), kind, head, data, digest)
            for topic, key, event_id, kind, head, data, digest in rows
        )

    def stored(self, done: Sequence[tuple[Entry, Cursor]], now: int) -> None:
        """The log has these; their records may go, and so may what was stored long ago."""
        with self._transaction():
            for entry, cursor in done:
                self._connection.execute(
                    "UPDATE entry SET cursor = ? WHERE number = ?", (cursor.encode(), entry.number)
                )
                self._connection.execute("DELETE FROM spooled WHERE entry = ?", (entry.number,))
            self._connection.execute(
                "DELETE FROM entry WHERE cursor IS NOT NULL AND spooled_at < ?",
                (now - HOT_WINDOW_DAYS * DAY,),
            )
        for entry, _cursor in done:
            self._leaves(entry)

    def refused(self, entry: Entry, reason: str) -> None:
        """The log will never take an entry; it is kept, and the others go on."""
        with self._transaction():
            self._connection.execute(
                "UPDATE entry SET reason = ? WHERE number = ?", (reason, entry.number)
            )
        self._leaves(entry)
        self._counted = self._counted._replace(refused=self._counted.refused + 1)

    def _leaves(self, entry: Entry) -> None:
        counted = self._counted
        self._counted = counted._replace(
            entries=counted.entries - 1, size=counted.size - entry.size
        )

    def cursor_of(self, identity: UUID) -> Cursor | None:
        """The cursor behind an entry, once it is stored."""
        row = self._connection.execute(
            "SELECT cursor FROM entry WHERE id = ?", (identity.bytes,)
        ).fetchone()
        return None if row is None or row[0] is None else Cursor.decode(row[0])

    def waiting(self) -> Waiting:
        """How much waits, and since when. Counted along: it is asked after every change."""
        first = self._connection.execute(
            f"SELECT spooled_at FROM entry WHERE {_WAITS} ORDER BY number LIMIT 1"
        ).fetchone()
        return self._counted._replace(oldest=None if first is None else first[0])

    def _count(self) -> Waiting:
        entries, size = self._connection.execute(
            f"SELECT count(*), coalesce(sum(size), 0) FROM entry WHERE {_WAITS}"
        ).fetchone()
        (refused,) = self._connection.execute(
            "SELECT count(*) FROM entry WHERE reason IS NOT NULL"
        ).fetchone()
        return Waiting(entries, size, None, refused)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _transaction(self) -> _Transaction:
        return _Transaction(self._connection)


class _Transaction:
    """All of it or nothing; an error of the disk's is the caller's to tell."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def size_of(records: Sequence[Record]) -> int:
    """About how many bytes records take in the spool."""
    return sum(_OVERHEAD + len(r.head) + len(r.data) + len(r.key) for r in records)
