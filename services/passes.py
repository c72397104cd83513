"""Passes beside the keys in the same store: hashes of secrets that stand for a key."""

from __future__ import annotations

import base64
import hashlib
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)

from schemas.clock import Clock, RandomBytes
from services.access import PassKind

_META = MetaData()
_PASSES = Table(
    "passes", _META,
    Column("serial", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)  # fmt: skip
_MOST_PASSES = 100


class PassTable:
    """Which key a secret stands for, and until when; whether that key is valid others know."""

    def __init__(
        self, engine: Engine, turns: AbstractContextManager[Any], clock: Clock, random: RandomBytes
    ) -> None:
        self._engine = engine
        self._turns = turns
        self._clock = clock
        self._random = random

    def add(self, key_id: str, kind: PassKind, lifetime: int) -> str:
        """A new secret; the oldest of the same key and kind make room, and what ended is gone."""
        secret = base64.urlsafe_b64encode(self._random(32)).rstrip(b"=").decode()
        now = self._clock()
        row = {"hash": hash_of(secret), "kind": kind.value, "key_id": key_id,
               "expires_at": now + lifetime}  # fmt: skip
        mine = (_PASSES.c.key_id == key_id, _PASSES.c.kind == kind.value)
        kept = select(_PASSES.c.serial).where(*mine).order_by(_PASSES.c.serial.desc())
        with self._turns, self._engine.begin() as connection:
            connection.execute(delete(_PASSES).where(_PASSES.c.expires_at <= now))
            connection.execute(insert(_PASSES).values(row))
            older = _PASSES.c.serial.not_in(kept.limit(_MOST_PASSES))
            connection.execute(delete(_PASSES).where(*mine, older))
        return secret

    def key_of(self, secret: str, kind: PassKind) -> str | None:
        """The key that a secret stands for."""
        asked = select(_PASSES.c.key_id).where(*self._valid(secret, kind))
        with self._turns, self._engine.connect() as connection:
            return connection.execute(asked).scalar_one_or_none()

    def take(self, secret: str, kind: PassKind) -> str | None:
        """The key that a secret stood for; of several who ask at once, one is told."""
        used = delete(_PASSES).where(*self._valid(secret, kind)).returning(_PASSES.c.key_id)
        with self._turns, self._engine.begin() as connection:
            return connection.execute(used).scalar_one_or_none()

    def _valid(self, secret: str, kind: PassKind) -> tuple[ColumnElement[bool], ...]:
        return (
            _PASSES.c.hash == hash_of(secret),
            _PASSES.c.kind == kind.value,
            _PASSES.c.expires_at > self._clock(),
        )


def make_pass_table(connection: Connection) -> None:
    """Make the table if it is missing."""
    _META.create_all(connection)


def hash_of(secret: str) -> bytes:
    """What is stored of a secret that is random enough not to be guessed."""
    return hashlib.sha256(secret.encode()).digest()
