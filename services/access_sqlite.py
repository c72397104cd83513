"""Workspaces and keys in one SQLite file, read whole into memory and read again when it changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from schemas.clock import Clock, RandomBytes
from schemas.errors import NotFound, NotUnique, Unauthenticated
from schemas.instants import Instant
from services.access import (
    Access,
    KeyEntry,
    NewKey,
    Principal,
    Scope,
    Workspace,
    check_key,
    check_workspace,
)

_SECRET = re.compile(r"ab_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_NO_HASH = bytes(32)

_META = MetaData()
_WORKSPACES = Table(
    "workspaces", _META,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("time_zone", String, nullable=False),
    Column("base_currency", String, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)  # fmt: skip
_KEYS = Table(
    "keys", _META,
    Column("serial", Integer, primary_key=True),
    Column("key_id", String, nullable=False, unique=True),
    Column("workspace", String, nullable=False),
    Column("name", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("revoked_at", Integer),
)  # fmt: skip


class _Key(NamedTuple):
    hash: bytes
    principal: Principal
    entry: KeyEntry


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything in the file, as of one version of it."""

    version: Any
    by_id: MappingProxyType[str, Workspace]
    by_number: MappingProxyType[int, Workspace]
    keys: MappingProxyType[str, _Key]


class SqliteAccess(Access):
    """Keys and workspaces of an embedded installation; ``path`` None keeps them in memory.

    Another process may write the file too (the command line beside a server): the engine's
    ``data_version`` tells of it, at 10 microseconds a look.
    """

    def __init__(self, path: Path | None, clock: Clock, random: RandomBytes) -> None:
        self._clock = clock
        self._random = random
        self._lock = Lock()
        self._writes = 0
        self._engine = _open(path)
        _META.create_all(self._engine)
        self._watch = self._engine.connect()
        self._known: _Known | None = None

    def authenticate(self, secret: str) -> Principal:
        match = _SECRET.fullmatch(secret)
        key = self._read().keys.get(match[1]) if match else None
        # The comparison is made in any case, so that time tells nothing about key ids.
        expected = key.hash if key else _NO_HASH
        same = hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), expected)
        if key is None or not same or key.entry.revoked_at is not None:
            raise Unauthenticated("Send a valid API key as 'Authorization: Bearer ab_...'.")
        return key.principal

    def principal(self, key_id: str) -> Principal:
        key = self._read().keys.get(key_id)
        if key is None or key.entry.revoked_at is not None:
            raise Unauthenticated("The key that opened this session is no longer valid.")
        return key.principal

    def create_workspace(self, workspace: str, time_zone: str, base_currency: str) -> Workspace:
        check_workspace(workspace, time_zone, base_currency)
        row = {"id": workspace, "time_zone": time_zone, "base_currency": base_currency}
        try:
            with self._writing() as connection:
                connection.execute(insert(_WORKSPACES).values(row))
        except IntegrityError as error:
            raise NotUnique(f"There is a workspace {workspace!r} already.") from error
        return self.workspace(workspace)

    def workspace(self, workspace: str) -> Workspace:
        found = self._read().by_id.get(workspace)
        if found is None:
            raise NotFound(f"There is no workspace {workspace[:40]!r}.")
        return found

    def workspace_by_number(self, number: int) -> Workspace:
        found = self._read().by_number.get(number)
        if found is None:
            raise NotFound(f"There is no workspace with the number {number}.")
        return found

    def workspaces(self) -> list[Workspace]:
        return list(self._read().by_number.values())

    def create_key(self, workspace: str, name: str, scopes: frozenset[Scope]) -> NewKey:
        check_key(name, scopes)
        self.workspace(workspace)
        key_id = self._random(6).hex()
        drawn = base64.urlsafe_b64encode(self._random(32)).rstrip(b"=").decode()
        secret = f"ab_{key_id}_{drawn}"
        row = {
            "key_id": key_id,
            "workspace": workspace,
            "name": name,
            "scopes": " ".join(sorted(scopes)),
            "hash": hashlib.sha256(secret.encode()).digest(),
            "created_at": self._clock(),
        }
        with self._writing() as connection:
            connection.execute(insert(_KEYS).values(row))
        return NewKey(key_id, secret)

    def keys(self, workspace: str) -> list[KeyEntry]:
        self.workspace(workspace)
        known = self._read().keys.values()
        return [key.entry for key in known if key.principal.workspace == workspace]

    def revoke_key(self, workspace: str, key_id: str) -> None:
        key = self._read().keys.get(key_id)
        if key is None or key.principal.workspace != workspace:
            raise NotFound(f"There is no key {key_id[:40]!r} in this workspace.")
        with self._writing() as connection:
            connection.execute(
                update(_KEYS)
                .where(_KEYS.c.key_id == key_id, _KEYS.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )

    def close(self) -> None:
        with self._lock:
            self._watch.close()
            self._engine.dispose()

    # Inside

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._lock:
            with self._engine.begin() as connection:
                yield connection
            self._writes += 1

    def _read(self) -> _Known:
        with self._lock:
            version = (self._writes, self._watch.exec_driver_sql("PRAGMA data_version").scalar())
            if self._known is None or self._known.version != version:
                self._known = _load(self._watch, version)
                self._watch.rollback()
            return self._known


def _open(path: Path | None) -> Engine:
    if path is None:
        return create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=5000")


def _load(connection: Connection, version: Any) -> _Known:
    rows = connection.execute(select(_WORKSPACES).order_by(_WORKSPACES.c.number)).all()
    workspaces = [Workspace(r.id, r.number, r.time_zone, r.base_currency) for r in rows]
    keys = connection.execute(select(_KEYS).order_by(_KEYS.c.serial)).all()
    return _Known(
        version,
        MappingProxyType({w.id: w for w in workspaces}),
        MappingProxyType({w.number: w for w in workspaces}),
        MappingProxyType({row.key_id: _key(row) for row in keys}),
    )


def _key(row: Any) -> _Key:
    scopes = frozenset(Scope(name) for name in row.scopes.split())
    revoked = None if row.revoked_at is None else Instant(row.revoked_at)
    return _Key(
        row.hash,
        Principal(row.workspace, row.key_id, row.name, scopes),
        KeyEntry(row.key_id, row.name, scopes, Instant(row.created_at), revoked),
    )
