"""Raw bodies in a SQLite file: a table a day, dropped whole."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

from events.raw import RawBodies, SealedBytes
from schemas.clock import Clock
from schemas.errors import StoreUnavailable
from schemas.instants import DAY


class SqliteRawBodies(RawBodies):
    """Calls are short; one lock serves them in turn."""

    def __init__(self, path: Path, clock: Clock, days: int) -> None:
        self._clock = clock
        self._kept = days
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        names = self._run("SELECT name FROM sqlite_master WHERE name GLOB 'raw_[0-9]*'")
        self._days = sorted(int(row[0].removeprefix("raw_")) for row in names)
        self._let_go(self._today())

    def put(self, workspace: str, event_id: UUID, sealed: SealedBytes) -> None:
        if not self._kept:
            return
        with self._lock:
            today = self._today()
            self._let_go(today)
            if self._find(workspace, event_id) is not None:
                return
            if today not in self._days:
                self._run(
                    f"CREATE TABLE IF NOT EXISTS raw_{today} (workspace TEXT, event_id BLOB, "
                    "key_id TEXT NOT NULL, content BLOB NOT NULL, "
                    "PRIMARY KEY (workspace, event_id))"
                )
                self._days.append(today)
            self._run(
                f"INSERT INTO raw_{today} VALUES (?, ?, ?, ?)",
                workspace, event_id.bytes, sealed.key_id, sealed.content,
            )  # fmt: skip

    def get(self, workspace: str, event_id: UUID) -> SealedBytes | None:
        with self._lock:
            self._let_go(self._today())
            return self._find(workspace, event_id)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _find(self, workspace: str, event_id: UUID) -> SealedBytes | None:
        for day in reversed(self._days):
            for key_id, content in self._run(
                f"SELECT key_id, content FROM raw_{day} WHERE workspace = ? AND event_id = ?",
                workspace, event_id.bytes,
            ):  # fmt: skip
                return SealedBytes(key_id, content)
        return None

    def _let_go(self, today: int) -> None:
        for day in [d for d in self._days if d <= today - self._kept]:
            self._run(f"DROP TABLE IF EXISTS raw_{day}")
            self._days.remove(day)

    def _today(self) -> int:
        return self._clock() // DAY

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"Raw bodies cannot be kept: {error}.") from error
