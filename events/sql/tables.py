"""The tables of the SQL store that belong to events; projections add theirs to the same metadata.

One text of statements serves SQLite and PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()
# Readers go through names in the order of their bytes, whatever language a database speaks.
NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def key(name: str, kind: Any = NAME) -> sa.Column[Any]:
    """A part of the primary key."""
    return sa.Column(name, kind, primary_key=True)


def text(name: str) -> sa.Column[str]:
    """A text, empty if nothing is said."""
    return sa.Column(name, NAME, nullable=False, server_default="")


def whole(name: str) -> sa.Column[int]:
    """A whole number, zero if nothing is said."""
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def raw(name: str) -> sa.Column[bytes]:
    """Bytes."""
    return sa.Column(name, sa.LargeBinary, nullable=False)


def sequence() -> sa.Column[int]:
    """A number that the store draws, greater with every row."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite draws for INTEGER alone
    return sa.Column("seq", kind, primary_key=True, autoincrement=True)


OUTBOX = sa.Table(
    "outbox", METADATA, sequence(), text("topic"), text("key"),
    sa.Column("event_id", NAME, nullable=False, server_default="", index=True),
    text("type"), raw("head"), raw("data"), raw("digest"),
    sa.Column("pending", NAME, nullable=True, index=True), sqlite_autoincrement=True,
)  # fmt: skip
SENT = sa.Table(
    "sent", METADATA, key("event_id"), raw("digest"),
    sa.Column("pending", NAME, nullable=False, index=True), text("topic"),
    whole("partition"), whole("offset"),
    sa.Column("sent_at", sa.BigInteger, nullable=False, index=True),
)  # fmt: skip
"""Where decisions lie that were relayed within the hot window, and under which id they waited."""

STREAM = sa.Table(
    "stream", METADATA, key("workspace"), key("kind"), key("id"), whole("version"), raw("state")
)
CLAIM = sa.Table(
    "claim", METADATA, key("workspace"), key("kind"), key("value"), text("owner")
)  # fmt: skip
REPLY = sa.Table(
    "reply", METADATA, key("workspace"), key("principal"), key("key"), text("fingerprint"),
    whole("status"), raw("body"), sa.Column("expires_at", sa.BigInteger, index=True),
)  # fmt: skip

NOTICE = sa.Table("notice", METADATA, key("subject"), whole("number"))
"""How often something has changed that other processes keep in memory."""

ADDRESS_KEY = sa.Table("address_key", METADATA, key("workspace"), raw("wrapped"))
TOKEN_KEY = sa.Table(
    "token_key", METADATA, key("workspace"), key("kid", sa.Integer), raw("wrapped")
)
SUBJECT_KEY = sa.Table(
    "subject_key", METADATA, key("workspace"), key("subject"), text("key_id"), raw("wrapped"),
    sa.Index("subject_key_id", "workspace", "key_id", unique=True),
)  # fmt: skip
RAW_BODY = sa.Table(
    "raw_body", METADATA, key("workspace"), key("event_id"),
    sa.Column("day", sa.BigInteger, nullable=False, index=True), text("key_id"), raw("content"),
)  # fmt: skip


_LOCK = 0x416E7377  # "Answ": one process at a time makes or alters tables


def lock_tables(connection: sa.Connection) -> None:
    """Until the transaction ends, no other process makes or alters tables."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def reading(engine: sa.Engine) -> sa.Engine:
    """The same store for transactions that only read."""
    return engine.execution_options(reads_only=True)


def reading_one_moment(engine: sa.Engine) -> sa.Engine:
    """The same, where all statements of a transaction must see one state of the store."""
    if engine.dialect.name == "sqlite":  # they do anyway
        return reading(engine)
    return reading(engine).execution_options(isolation_level="REPEATABLE READ")
