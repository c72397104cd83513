"""Workspaces and keys in SQL, read whole into memory, and read again when they have changed."""

from __future__ import annotations

import base64
import hmac
import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from events.sql.tables import lock_tables
from schemas.clock import Clock, RandomBytes
from schemas.errors import (
    MoveRefused,
    NotFound,
    NotUnique,
    StoreUnavailable,
    Unauthenticated,
    UnavailableError,
)
from schemas.instants import Instant
from services.access import (
    OPERATOR,
    Access,
    Act,
    GpcMode,
    KeyEntry,
    NewKey,
    PassKind,
    Principal,
    Scope,
    Workspace,
    check_key,
    check_overlap,
    check_workspace,
)
from services.noticing import Changes
from services.passes import PassTable, hash_of, make_pass_table

_SECRET = re.compile(r"ab_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_NO_HASH = bytes(32)
log = logging.getLogger(__name__)

_META = MetaData()
_WORKSPACES = Table(
    "workspaces", _META,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("time_zone", String, nullable=False),
    Column("base_currency", String, nullable=False),
    Column("gpc_mode", String, nullable=False, server_default=GpcMode.KEEP.value),
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
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)  # fmt: skip
_ACTS = Table(
    "acts", _META,
    Column("serial", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("workspace", String, nullable=False, index=True),
    Column("actor", String, nullable=False),
    Column("act", String, nullable=False),
    Column("object", String, nullable=False),
    Column("detail", String, nullable=False),
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


class SqlAccess(Access):
    """Keys and workspaces in a store that other processes write too.

    ``turns`` is held while the store is used, where its users share a connection; elsewhere whoever
    asks for what is known waits for nobody.
    """

    def __init__(
        self, store: Engine, changes: Changes, clock: Clock, random: RandomBytes,
        turns: AbstractContextManager[Any] | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._random = random
        self._turns = turns or nullcontext()
        self._last_write = object()  # another one after every write
        self._engine = store
        self._passes = PassTable(store, self._turns, clock, random)
        self._changes = changes
        self._known: _Known | None = None
        self._is_stale = False

    def authenticate(self, secret: str) -> Principal:
        match = _SECRET.fullmatch(secret)
        key = self._key(match[1]) if match else None
        # The comparison is made in any case, so that time tells nothing about key ids.
        expected = key.hash if key else _NO_HASH
        same = hmac.compare_digest(hash_of(secret), expected)
        if key is None or not same or not key.entry.is_live(self._clock()):
            raise Unauthenticated("Send a valid API key as 'Authorization: Bearer ab_...'.")
        return key.principal

    def principal(self, key_id: str) -> Principal:
        key = self._key(key_id)
        if key is None or not key.entry.is_live(self._clock()):
            raise Unauthenticated("The key that opened this session is no longer valid.")
        return key.principal

    def _key(self, key_id: str) -> _Key | None:
        """A key; ``None`` is sure. Raises ``StoreUnavailable`` where nobody can tell."""
        key = self._read().keys.get(key_id)
        if key is None and (self._is_stale or self._changes.is_blind):
            raise StoreUnavailable("Keys cannot be read now, and this one is not among the known.")
        return key

    def open_pass(self, key_id: str, kind: PassKind, lifetime: int) -> str:
        self.principal(key_id)
        return self._passes.add(key_id, kind, lifetime)

    def pass_holder(self, secret: str, kind: PassKind) -> Principal:
        return self._holder(self._passes.key_of(secret, kind))

    def use_pass(self, secret: str, kind: PassKind) -> Principal:
        return self._holder(self._passes.take(secret, kind))

    def create_workspace(self, workspace: str, time_zone: str, base_currency: str) -> Workspace:
        check_workspace(workspace, time_zone, base_currency)
        row = {"id": workspace, "time_zone": time_zone, "base_currency": base_currency}
        try:
            with self._writing() as connection:
                connection.execute(insert(_WORKSPACES).values(row))
                self._keep(connection, workspace, OPERATOR, "workspace created", workspace)
        except IntegrityError as error:
            raise NotUnique(f"There is a workspace {workspace!r} already.") from error
        return self.workspace(workspace)

    def update_workspace(
        self, workspace: str, *, time_zone: str | None = None, gpc_mode: GpcMode | None = None,
        actor: str = OPERATOR,
    ) -> Workspace:  # fmt: skip
        before = self.workspace(workspace)
        check_workspace(workspace, time_zone or before.time_zone, before.base_currency)
        told = {"time_zone": time_zone, "gpc_mode": gpc_mode.value if gpc_mode else None}
        changed = {
            name: value
            for name, value in told.items()
            if value is not None and value != getattr(before, name)
        }
        if changed:
            with self._writing() as connection:
                mine = _WORKSPACES.c.id == workspace
                connection.execute(update(_WORKSPACES).where(mine).values(changed))
                detail = ", ".join(f"{name} {value}" for name, value in changed.items())
                self._keep(connection, workspace, actor, "workspace changed", workspace, detail)
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

    def create_key(
        self, workspace: str, name: str, scopes: frozenset[Scope], actor: str = OPERATOR
    ) -> NewKey:
        check_key(name, scopes)
        self.workspace(workspace)
        with self._writing() as connection:
            made = self._insert_key(connection, workspace, name, scopes)
            detail = f"{name}: {' '.join(sorted(scopes))}"
            self._keep(connection, workspace, actor, "key created", made.key_id, detail)
        return made

    def rotate_key(
        self, workspace: str, key_id: str, overlap_seconds: int = 0, actor: str = OPERATOR
    ) -> NewKey:
        check_overlap(overlap_seconds)
        entry = self._own(workspace, key_id).entry
        ends = self._clock() + overlap_seconds * 1000
        with self._writing() as connection:
            # Asked again inside the transaction: of two rotations at once, one must lose.
            ended = connection.execute(
                update(_KEYS)
                .where(_KEYS.c.key_id == key_id, _KEYS.c.revoked_at.is_(None))
                .values(revoked_at=ends)
            )
            if ended.rowcount == 0:
                raise MoveRefused("The key is refused or replaced already; make a new one.")
            made = self._insert_key(connection, workspace, entry.name, entry.scopes)
            detail = f"by {made.key_id}, refused after {overlap_seconds} s"
            self._keep(connection, workspace, actor, "key replaced", key_id, detail)
        return made

    def _insert_key(
        self, connection: Connection, workspace: str, name: str, scopes: frozenset[Scope]
    ) -> NewKey:
        key_id = self._random(6).hex()
        drawn = base64.urlsafe_b64encode(self._random(32)).rstrip(b"=").decode()
        secret = f"ab_{key_id}_{drawn}"
        row = {
            "key_id": key_id,
            "workspace": workspace,
            "name": name,
            "scopes": " ".join(sorted(scopes)),
            "hash": hash_of(secret),
            "created_at": self._clock(),
        }
        connection.execute(insert(_KEYS).values(row))
        return NewKey(key_id, secret)

    def keys(self, workspace: str) -> list[KeyEntry]:
        self.workspace(workspace)
        known = self._read().keys.values()
        return [key.entry for key in known if key.principal.workspace == workspace]

    def revoke_key(self, workspace: str, key_id: str, actor: str = OPERATOR) -> None:
        self._own(workspace, key_id)
        now = self._clock()
        is_live = or_(_KEYS.c.revoked_at.is_(None), _KEYS.c.revoked_at > now)
        with self._writing() as connection:
            ended = connection.execute(
                update(_KEYS).where(_KEYS.c.key_id == key_id, is_live).values(revoked_at=now)
            )
            if ended.rowcount:
                self._keep(connection, workspace, actor, "key revoked", key_id)

    def note(self, workspace: str, act: str, name: str, actor: str = OPERATOR) -> None:
        self.workspace(workspace)
        with self._writing() as connection:
            self._keep(connection, workspace, actor, act, name)

    def acts(self, workspace: str) -> list[Act]:
        self.workspace(workspace)
        query = select(_ACTS).where(_ACTS.c.workspace == workspace).order_by(_ACTS.c.serial)
        with self._turns, self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Act(Instant(r.at), r.actor, r.act, r.object, r.detail) for r in rows]

    def close(self) -> None:
        with self._turns:
            self._changes.close()

    # Inside

    def _own(self, workspace: str, key_id: str) -> _Key:
        key = self._read().keys.get(key_id)
        if key is None or key.principal.workspace != workspace:
            raise NotFound(f"There is no key {key_id[:40]!r} in this workspace.")
        return key

    def _keep(
        self, connection: Connection, workspace: str, actor: str, act: str, name: str,
        detail: str = "",
    ) -> None:  # fmt: skip
        row = {"at": self._clock(), "workspace": workspace, "actor": actor, "act": act,
               "object": name, "detail": detail}  # fmt: skip
        connection.execute(insert(_ACTS).values(row))

    def _holder(self, key_id: str | None) -> Principal:
        if key_id is None:
            raise Unauthenticated("The session or link has ended, or has been used. Log in again.")
        return self.principal(key_id)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._turns:
            with self._engine.begin() as connection:
                yield connection
                self._changes.tell(connection)
            self._last_write = object()

    def _read(self) -> _Known:
        with self._turns:
            try:
                known, self._is_stale = self._newest(), False
                return known
            except (SQLAlchemyError, UnavailableError) as error:
                # Doors go on with what was known: a signature is as good as it was a second ago.
                if self._known is None:
                    raise StoreUnavailable("Keys and workspaces cannot be read now.") from error
                self._is_stale = True
                log.warning("Keys and workspaces cannot be read again: %s.", type(error).__name__)
                return self._known

    def _newest(self) -> _Known:
        known, version = self._known, (self._last_write, self._changes.version())
        if known is None or known.version != version:
            with self._engine.connect() as connection:
                known = self._known = _load(connection, version)
        return known


def make_tables(store: Engine) -> None:
    """Make the tables that are missing."""
    with store.begin() as connection:
        lock_tables(connection)
        _META.create_all(connection)
        make_pass_table(connection)


def _load(connection: Connection, version: Any) -> _Known:
    rows = connection.execute(select(_WORKSPACES).order_by(_WORKSPACES.c.number)).all()
    workspaces = [
        Workspace(r.id, r.number, r.time_zone, r.base_currency, GpcMode(r.gpc_mode)) for r in rows
    ]
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
