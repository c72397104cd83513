"""The embedded vault's rows, in a SQLite file that several processes may have open."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from events.vault_stored import KeyRows, StoredVault, SubjectRow
from schemas.clock import RandomBytes
from schemas.errors import LogUnavailable

_IDS_PER_QUERY = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS address_key (workspace TEXT PRIMARY KEY, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS token_key (workspace TEXT, kid INTEGER, wrapped BLOB NOT NULL,
    PRIMARY KEY (workspace, kid));
CREATE TABLE IF NOT EXISTS subject_key (workspace TEXT, subject TEXT, key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL, PRIMARY KEY (workspace, subject)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS subject_key_id ON subject_key (workspace, key_id);
"""


class SqliteVault(StoredVault):
    """Keys in one file."""

    def __init__(self, path: Path, master: bytes, random: RandomBytes) -> None:
        super().__init__(_SqliteKeyRows(path), master, random)


class _SqliteKeyRows(KeyRows):
    """Calls are short; one lock serves them in turn, as they share a connection."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.executescript(_TABLES)

    def address(self, workspace: str) -> bytes | None:
        return self._first("SELECT wrapped FROM address_key WHERE workspace = ?", workspace)

    def add_address(self, workspace: str, wrapped: bytes) -> None:
        self._run("INSERT OR IGNORE INTO address_key VALUES (?, ?)", workspace, wrapped)

    def tokens(self, workspace: str) -> dict[int, bytes]:
        return dict(self._run("SELECT kid, wrapped FROM token_key WHERE workspace = ?", workspace))

    def add_token(self, workspace: str, kid: int, wrapped: bytes) -> None:
        self._run("INSERT OR IGNORE INTO token_key VALUES (?, ?, ?)", workspace, kid, wrapped)

    def subjects(self, workspace: str, names: Sequence[str]) -> list[SubjectRow]:
        chunks = (names[i : i + _IDS_PER_QUERY] for i in range(0, len(names), _IDS_PER_QUERY))
        return [row for chunk in chunks for row in self._subjects(workspace, chunk)]

    def _subjects(self, workspace: str, names: Sequence[str]) -> list[SubjectRow]:
        marks = ",".join("?" * len(names))
        rows = self._run(
            "SELECT subject, key_id, wrapped FROM subject_key "
            f"WHERE workspace = ? AND subject IN ({marks})",
            workspace, *names,
        )  # fmt: skip
        return [SubjectRow(*row) for row in rows]

    def add_subjects(self, workspace: str, rows: Sequence[SubjectRow]) -> bool:
        insert = "INSERT OR IGNORE INTO subject_key VALUES (?, ?, ?, ?)"
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                values = [(workspace, *row) for row in rows]
                return self._connection.executemany(insert, values).rowcount == len(rows)
        except sqlite3.Error as error:
            raise LogUnavailable(f"The vault cannot write: {error}.") from error

    def subject_of(self, workspace: str, key_id: str) -> bytes | None:
        statement = "SELECT wrapped FROM subject_key WHERE workspace = ? AND key_id = ?"
        return self._first(statement, workspace, key_id)

    def version(self) -> int:
        return int(self._run("PRAGMA data_version")[0][0])

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _first(self, statement: str, *values: str) -> bytes | None:
        rows = self._run(statement, *values)
        return rows[0][0] if rows else None

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise LogUnavailable(f"The vault cannot be reached: {error}.") from error
