"""Copies of SQLite files by the engine's online backup.

The copy is made inside one read transaction: without it every commit of another connection makes
the engine begin again, and under load it never ends.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from events.snapshots import Going, Snapshot, Source
from schemas.durable import sync_file
from schemas.errors import StoreUnavailable

_PAGES_A_STEP = 2048


class SqliteSource(Source):
    """A file in WAL mode, whoever writes it: this process or another."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pin(self) -> Snapshot:
        return _Pinned(self._path)


class _Pinned(Snapshot):
    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("BEGIN")
            # The transaction begins with its first read.
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{path.name} cannot be read: {error}.") from error

    def copy(self, folder: Path, going: Going) -> None:
        path = folder / self.name
        try:
            with closing(sqlite3.connect(path)) as target:
                self._connection.backup(
                    target, pages=_PAGES_A_STEP, progress=lambda *_progress: going()
                )
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self.name} cannot be copied: {error}.") from error
        sync_file(path)

    def close(self) -> None:
        self._connection.close()
