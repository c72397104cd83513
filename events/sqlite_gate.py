"""The gate in the log's own SQLite file, so that a decision and its events are one transaction."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future

from events.gate import REPLY_LIFETIME, Decision, Gate, StoredReply, StreamState
from events.log import Appended
from events.sqlite import SqliteLog
from schemas.clock import Clock
from schemas.envelope import Stream
from schemas.errors import KeyReused, NotUnique, VersionConflict

_TABLES = (
    "CREATE TABLE IF NOT EXISTS stream (workspace TEXT, kind TEXT, id TEXT, version INTEGER, "
    "state BLOB, PRIMARY KEY (workspace, kind, id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS claim (workspace TEXT, kind TEXT, value TEXT, owner TEXT, "
    "PRIMARY KEY (workspace, kind, value)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS reply (workspace TEXT, principal TEXT, key TEXT, fingerprint TEXT, "
    "status INTEGER, body BLOB, expires_at INTEGER, PRIMARY KEY (workspace, principal, key)) "
    "WITHOUT ROWID",
)


class SqliteGate(Gate):
    """The embedded gate."""

    def __init__(self, log: SqliteLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        log.submit(_make_tables).result()

    def state_of(self, workspace: str, stream: Stream) -> StreamState:
        return _state(self._log.reader(), workspace, stream)

    def states(self, workspace: str, kind: str) -> list[tuple[str, StreamState]]:
        rows = self._log.reader().execute(
            "SELECT id, version, state FROM stream WHERE workspace = ? AND kind = ? ORDER BY id",
            (workspace, kind),
        )
        return [(name, StreamState(version, state)) for name, version, state in rows]

    def reply_of(self, workspace: str, principal: str, key: str, now: int) -> StoredReply | None:
        return _reply(self._log.reader(), workspace, principal, key, now)

    def decide(self, decision: Decision) -> Future[Appended]:
        def job(connection: sqlite3.Connection) -> Appended:
            self._check(connection, decision)
            return self._accept(connection, decision)

        return self._log.submit(job)

    def _check(self, connection: sqlite3.Connection, decision: Decision) -> None:
        for write in decision.writes:
            actual = _state(connection, decision.workspace, write.stream).version
            if actual != write.expected:
                raise VersionConflict(str(write.stream), write.expected, actual)
        for claim in decision.claims:
            row = connection.execute(
                "SELECT owner FROM claim WHERE workspace = ? AND kind = ? AND value = ?",
                (decision.workspace, claim.kind, claim.value),
            ).fetchone()
            if row is not None and row[0] != claim.owner:
                raise NotUnique(f"The {claim.kind} {claim.value!r} is taken.")
        key, now = decision.reply_key, self._clock()
        if key and _reply(connection, decision.workspace, key.principal, key.key, now):
            raise KeyReused("This idempotency key has been used.")

    def _accept(self, connection: sqlite3.Connection, decision: Decision) -> Appended:
        appended = self._log.append_within(connection, decision.records)
        workspace = decision.workspace
        for write in decision.writes:
            connection.execute(
                "INSERT OR REPLACE INTO stream VALUES (?, ?, ?, ?, ?)",
                (workspace, *write.stream, write.version, write.state),
            )
        for claim in decision.claims:
            connection.execute(
                "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?)",
                (workspace, claim.kind, claim.value, claim.owner),
            )
        key, now = decision.reply_key, self._clock()
        if key and decision.reply:
            status, body = decision.reply(appended)
            connection.execute("DELETE FROM reply WHERE expires_at <= ?", (now,))
            connection.execute(
                "INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?, ?, ?)",
                (workspace, key.principal, key.key, key.fingerprint, status, body,
                 now + REPLY_LIFETIME),
            )  # fmt: skip
        return appended


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)


def _state(connection: sqlite3.Connection, workspace: str, stream: Stream) -> StreamState:
    row = connection.execute(
        "SELECT version, state FROM stream WHERE workspace = ? AND kind = ? AND id = ?",
        (workspace, *stream),
    ).fetchone()
    return StreamState(*row) if row else StreamState(0)


def _reply(
    connection: sqlite3.Connection, workspace: str, principal: str, key: str, now: int
) -> StoredReply | None:
    row = connection.execute(
        "SELECT fingerprint, status, body FROM reply "
        "WHERE workspace = ? AND principal = ? AND key = ? AND expires_at > ?",
        (workspace, principal, key, now),
    ).fetchone()
    return StoredReply(*row) if row else None
