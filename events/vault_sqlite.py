"""The embedded vault: a SQLite file of keys, each wrapped under the master key (AES key wrap).

Several processes may have it open: a key is made by whoever comes first, and the others read it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from events.vault import SubjectKey, TokenKeys, Vault, next_token_key
from schemas.clock import RandomBytes
from schemas.errors import LogUnavailable, Unreadable

_CACHED_SUBJECTS = 250_000  # about 100 MB when full; unwrapping one again costs as much as a seal
_IDS_PER_QUERY = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS address_key (workspace TEXT PRIMARY KEY, wrapped BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS token_key (workspace TEXT, kid INTEGER, wrapped BLOB NOT NULL,
    PRIMARY KEY (workspace, kid));
CREATE TABLE IF NOT EXISTS subject_key (workspace TEXT, subject TEXT, key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL, PRIMARY KEY (workspace, subject)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS subject_key_id ON subject_key (workspace, key_id);
"""


class SqliteVault(Vault):
    """Keys in one file. Calls are short; one lock serves them in turn."""

    def __init__(self, path: Path, master: bytes, random: RandomBytes) -> None:
        self._master = master
        self._random = random
        self._lock = threading.Lock()
        self._address: dict[str, bytes] = {}
        self._tokens: dict[str, TokenKeys] = {}
        self._version = 0
        self._subjects: OrderedDict[tuple[str, str], SubjectKey] = OrderedDict()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.executescript(_TABLES)

    def address_key(self, workspace: str) -> bytes:
        known = self._address.get(workspace)
        if known is None:
            with self._lock:
                known = self._first("address_key", "workspace = ?", (workspace,))
                if known is None:
                    drawn = self.wrap(self._random(32))
                    self._run("INSERT OR IGNORE INTO address_key VALUES (?, ?)", workspace, drawn)
                    known = self._first("address_key", "workspace = ?", (workspace,)) or b""
                self._address[workspace] = known
        return known

    def token_keys(self, workspace: str) -> TokenKeys:
        with self._lock:
            self._notice()
            known = self._tokens.get(workspace)
            if known is None:
                known = self._tokens[workspace] = self._ring(workspace)
            return known

    def rotate_tokens(self, workspace: str) -> TokenKeys:
        with self._lock:
            ring = self._ring(workspace)
            newest = next_token_key(ring)
            key = self._random(32)
            wrapped = self.wrap(key)
            self._run("INSERT INTO token_key VALUES (?, ?, ?)", workspace, newest, wrapped)
            turned = self._tokens[workspace] = TokenKeys(newest, {**ring.keys, newest: key})
            return turned

    def _notice(self) -> None:
        """Forget the rings if another process has written the file (the command line beside a
        server); a look costs 10 microseconds.
        """
        version = self._run("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._tokens.clear()

    def _ring(self, workspace: str) -> TokenKeys:
        statement = "SELECT kid, wrapped FROM token_key WHERE workspace = ?"
        rows = self._run(statement, workspace).fetchall()
        if not rows:
            first = self.wrap(self._random(32))
            # Another process may be making it at the same time; the one that is there stands.
            self._run("INSERT OR IGNORE INTO token_key VALUES (?, 1, ?)", workspace, first)
            rows = self._run(statement, workspace).fetchall()
        keys = {kid: self.unwrap(wrapped) for kid, wrapped in rows}
        return TokenKeys(max(keys), keys)

    def subject_keys(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        with self._lock:
            found = {s: k for s in subjects if (k := self._subjects.get((workspace, s)))}
            missing = list(dict.fromkeys(s for s in subjects if s not in found))
            found |= self._found(workspace, missing)
            new = [s for s in missing if s not in found]
            if new:
                found |= self._create(workspace, new)
            for subject in missing:
                self._remember(workspace, subject, found[subject])
        return found

    def by_id(self, workspace: str, key_id: str) -> SubjectKey | None:
        with self._lock:
            where = "workspace = ? AND key_id = ?"
            key = self._first("subject_key", where, (workspace, key_id))
        return None if key is None else SubjectKey(key_id, key)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _found(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        found: dict[str, SubjectKey] = {}
        for start in range(0, len(subjects), _IDS_PER_QUERY):
            found |= self._load(workspace, subjects[start : start + _IDS_PER_QUERY])
        return found

    def _load(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        marks = ",".join("?" * len(subjects))
        rows = self._run(
            "SELECT subject, key_id, wrapped FROM subject_key "
            f"WHERE workspace = ? AND subject IN ({marks})",
            workspace, *subjects,
        )  # fmt: skip
        return {subject: SubjectKey(key_id, self.unwrap(w)) for subject, key_id, w in rows}

    def _create(self, workspace: str, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        made = {s: SubjectKey(self._random(12).hex(), self._random(32)) for s in subjects}
        rows = [(workspace, s, k.id, self.wrap(k.key)) for s, k in made.items()]
        insert = "INSERT OR IGNORE INTO subject_key VALUES (?, ?, ?, ?)"
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                count = self._connection.executemany(insert, rows).rowcount
        except sqlite3.Error as error:
            raise LogUnavailable(f"The vault cannot write: {error}.") from error
        # Another process may have made some of them between our look and our insert.
        return made if count == len(rows) else made | self._found(workspace, subjects)

    def _remember(self, workspace: str, subject: str, key: SubjectKey) -> None:
        self._subjects[workspace, subject] = key
        if len(self._subjects) > _CACHED_SUBJECTS:
            self._subjects.popitem(last=False)

    def _first(self, table: str, where: str, values: tuple[str, ...]) -> bytes | None:
        row = self._run(f"SELECT wrapped FROM {table} WHERE {where}", *values).fetchone()
        return None if row is None else self.unwrap(row[0])

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise LogUnavailable(f"The vault cannot be reached: {error}.") from error

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self._master, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._master, wrapped)
        except Exception as error:
            raise Unreadable("A key in the vault does not open with this master key.") from error
