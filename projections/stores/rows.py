"""The row store: read models, cursors, intents and outboxes in SQL, through SQLAlchemy.

One text of statements serves SQLite and PostgreSQL; only ``open_rows`` knows the driver. A table of
a fold has one shape: whose row it is, the entity whose facts it was folded from, what lists filter
by, and the document. Readers use the generation that the pointer names.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from projections.stores.trouble import tell_trouble

METADATA = sa.MetaData()


def _key(name: str, kind: Any = sa.String) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False, server_default="")


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _sequence() -> sa.Column[int]:
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


# The runner's own

CURSOR = sa.Table(
    "cursor", METADATA, _key("sink"), _key("generation", sa.Integer), _key("topic"),
    _key("partition", sa.Integer), _int("next"),
)  # fmt: skip
MOMENT = sa.Table(
    "moment", METADATA, _key("sink"), _key("generation", sa.Integer), _int("logical_time")
)
INTENT = sa.Table(
    "intent", METADATA, _key("sink"), _key("generation", sa.Integer), _text("token"),
    _text("start"), _text("finish"), _int("copies_after"), _int("copies_until"),
    sa.Column("concluded", sa.Boolean, nullable=False),
)  # fmt: skip
SHIPPED = sa.Table("shipped", METADATA, _key("sink"), _key("generation", sa.Integer), _int("seq"))
POINTER = sa.Table("pointer", METADATA, _key("name"), _int("generation"))
OUTBOX = sa.Table(
    "outbox", METADATA, _sequence(), _text("topic"), _text("key"), _text("event_id"),
    _text("type"), _bytes("head"), _bytes("data"), _bytes("digest"), sqlite_autoincrement=True,
)  # fmt: skip
COPY = sa.Table(
    "copy", METADATA, _sequence(), sa.Column("generation", sa.Integer, index=True),
    _text("name"), _text("workspace"), _text("id"), _bytes("doc"),
    sa.Column("deleted", sa.Boolean, nullable=False), sqlite_autoincrement=True,
)  # fmt: skip
DEAD_LETTER = sa.Table(
    "dead_letter", METADATA, _key("sink"), _key("topic"), _key("partition", sa.Integer),
    _key("offset", sa.BigInteger), _text("workspace"), _text("event_id"), _text("type"),
    _bytes("head"), _bytes("data"), _text("error"), _int("first_failed_at"),
    sa.Column("solved", sa.Boolean, nullable=False, server_default=sa.false()),
)  # fmt: skip

# What folds remember

KEPT = sa.Table(
    "kept", METADATA, _key("generation", sa.Integer), _key("fold"), _key("workspace"),
    _key("entity"), _key("event_id"), _text("topic"), sa.Column("partition", sa.Integer),
    _int("offset"), _int("recorded_at"), _text("key"), _text("type"), _bytes("head"),
    _bytes("data"),
    sa.Index("kept_recorded", "generation", "fold", "workspace", "recorded_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
WAITING = sa.Table(
    "waiting", METADATA, _key("generation", sa.Integer), _key("fold"), _key("workspace"),
    _key("need"), _key("entity"),
    sa.Index("waiting_entity", "generation", "fold", "workspace", "entity"),
)  # fmt: skip
SETTLING = sa.Table(
    "settling", METADATA, _key("generation", sa.Integer), _key("fold"), _key("workspace"),
    _key("entity"), sa.Column("due_at", sa.BigInteger, nullable=False, index=True),
)  # fmt: skip


def _fold_table(name: str, *filters: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        name, METADATA, _key("generation", sa.Integer), _key("workspace"), _key("id"),
        _text("entity"), *filters, _bytes("doc"),
        sa.Index(f"{name}_entity", "generation", "workspace", "entity"),
    )  # fmt: skip


CAMPAIGN = _fold_table("campaign")
ACTIVITY = _fold_table("activity")
ENTRY = _fold_table("entry")
CONTACT = _fold_table("contact")
CLUSTER = _fold_table("cluster", _text("subject"), _int("since"), _text("cluster"))
RESPONSE = _fold_table(
    "response", _text("campaign_id"), _text("channel"), _text("type"), _text("status"),
    _text("code"), _text("owner_id"), _text("country"), _int("occurred_at"),
)  # fmt: skip
MESSAGE = _fold_table("message", _text("subject"), _int("at"))
SUBMISSION = _fold_table(
    "submission",
    _text("form_id"),
    _text("state"),
    _int("occurred_at"),
)
LEAD = _fold_table("lead")
OPPORTUNITY = _fold_table("opportunity")
sa.Index("response_order", RESPONSE.c.generation, RESPONSE.c.workspace, RESPONSE.c.occurred_at,
         RESPONSE.c.id)  # fmt: skip
sa.Index("submission_order", SUBMISSION.c.generation, SUBMISSION.c.workspace,
         SUBMISSION.c.form_id, SUBMISSION.c.occurred_at, SUBMISSION.c.id)  # fmt: skip
sa.Index("message_subject", MESSAGE.c.generation, MESSAGE.c.workspace, MESSAGE.c.subject)
sa.Index("cluster_subject", CLUSTER.c.generation, CLUSTER.c.workspace, CLUSTER.c.subject)
sa.Index("cluster_members", CLUSTER.c.generation, CLUSTER.c.workspace, CLUSTER.c.cluster)

FOLD_TABLES = {
    table.name: table
    for table in (
        CAMPAIGN, ACTIVITY, ENTRY, CONTACT, CLUSTER, SUBMISSION, MESSAGE, RESPONSE, LEAD,
        OPPORTUNITY,
    )
}  # fmt: skip
"""Tables that a rebuild derives again, by name."""

SET = "main"
"""The one set of projections whose generation moves together."""


def open_rows(url: str) -> sa.Engine:
    """The engine of a row store, its tables made where they are missing."""
    engine = sa.create_engine(url)
    tell_trouble(engine)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    METADATA.create_all(engine)
    with engine.begin() as connection:
        if active_generation(connection) is None:
            connection.execute(POINTER.insert().values(name=SET, generation=1))
    return engine


def active_generation(connection: sa.Connection) -> int | None:
    """The generation that readers see; ``None`` in a store that was never opened."""
    found = connection.execute(sa.select(POINTER.c.generation).where(POINTER.c.name == SET))
    return found.scalar_one_or_none()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for a consistent read; _begin_sqlite sends it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer that began as a reader fails at once when another has committed meanwhile.
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def reading(engine: sa.Engine) -> sa.Engine:
    """The same store for transactions that only read."""
    return engine.execution_options(reads_only=True)
