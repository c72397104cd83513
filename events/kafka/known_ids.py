"""The ids of the hot window as one writer of the Kafka log knows them, in a small file of its own.

Kafka cannot be asked for an id. So each writer keeps those that it has stored itself, and after a
restart, or when it does not know what became of a send, reads on in the log from where it last knew
everything. A copy that comes through another writer is stored a second time; the sinks, which know
ids for ever, count it once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from events.cursor import Cursor
from events.hot_ids import TABLES, HotIds, Known
from events.log import HOT_WINDOW_DAYS

_SINCE = "CREATE TABLE IF NOT EXISTS known_since (only INTEGER PRIMARY KEY, cursor TEXT NOT NULL)"


class KnownIds:
    """For one thread."""

    def __init__(self, path: Path, begin: Cursor) -> None:
        """``begin`` is where a new file begins to know ids; nothing before is ever read."""
        self._connection = _opened(path, begin)
        self._ids = HotIds(HOT_WINDOW_DAYS)
        self._covered = self._ids.open(self._connection).merged(self._since())

    @property
    def covered(self) -> Cursor:
        """Up to where all ids are known; what came later is to be noted."""
        return self._covered

    def find(self, raw: bytes) -> Known | None:
        """Where an id was seen within the window."""
        return self._ids.find(self._connection, raw)

    def note(self, seen: Mapping[bytes, Known], until: Cursor, count: int, now: int) -> None:
        """Take in ids; all up to ``until`` are known with them."""
        self._covered = self._covered.merged(until)
        self._ids.note(seen, count, now)

    def keep(self, now: int) -> None:
        """Write to disk what is due."""
        if not self._ids.is_due(now):
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            groups = self._ids.write(self._connection, self._covered, now)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._ids.written(groups)

    def close(self) -> None:
        """What is only in memory is read again from the log next time."""
        self._connection.close()

    def _since(self) -> Cursor:
        (text,) = self._connection.execute("SELECT cursor FROM known_since").fetchone()
        return Cursor.decode(text)


def _opened(path: Path, begin: Cursor) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    for table in (*TABLES, _SINCE):
        connection.execute(table)
    connection.execute("INSERT OR IGNORE INTO known_since VALUES (1, ?)", (begin.encode(),))
    return connection
