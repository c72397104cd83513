"""The row store: read models, cursors, intents and outboxes in SQL, through SQLAlchemy.

One text of statements serves SQLite and PostgreSQL; only ``open_rows`` knows the driver. A table of
a fold has one shape: whose row it is, the entity whose facts it was folded from, what lists filter
by, and the document. Readers use the generation that the pointer names.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from events.sql.tables import METADATA, key, raw, sequence, text, whole
from events.sql.texts import adapt_texts
from projections.stores.trouble import Pool, tell_trouble
from projections.stores.versions import bring_up

# The runner's own

CURSOR = sa.Table(
    "cursor", METADATA, key("sink"), key("generation", sa.Integer), key("topic"),
    key("partition", sa.Integer), whole("next"), whole("epoch"),
)  # fmt: skip
MOMENT = sa.Table(
    "moment", METADATA, key("sink"), key("generation", sa.Integer), whole("logical_time")
)
INTENT = sa.Table(
    "intent", METADATA, key("sink"), key("generation", sa.Integer), key("token"),
    text("start"), text("finish"), whole("copies_after"), whole("copies_until"),
    sa.Column("concluded", sa.Boolean, nullable=False),
)  # fmt: skip
SHIPPED = sa.Table("shipped", METADATA, key("sink"), key("generation", sa.Integer), whole("seq"))
TURN = sa.Table(
    "turn", METADATA, key("sink"), key("generation", sa.Integer), key("workspace"), whole("number")
)
POINTER = sa.Table("pointer", METADATA, key("name"), whole("generation"))
GENERATION = sa.Table(
    "generation", METADATA, sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    text("state"), text("stage"), text("versions"), whole("begun_at"), whole("switched_at"),
    whole("events"), whole("spent_ms"), whole("unapplied"), text("trouble"),
)  # fmt: skip
COPY = sa.Table(
    "copy", METADATA, sequence(), sa.Column("generation", sa.Integer, index=True),
    text("name"), text("workspace"), text("id"), raw("doc"),
    sa.Column("deleted", sa.Boolean, nullable=False), sqlite_autoincrement=True,
)  # fmt: skip
DEAD_LETTER = sa.Table(
    "dead_letter", METADATA, key("sink"), key("topic"), key("partition", sa.Integer),
    key("offset", sa.BigInteger), text("workspace"), text("event_id"), text("type"),
    raw("head"), raw("data"), text("error"), whole("first_failed_at"),
    sa.Column("solved", sa.Boolean, nullable=False, server_default=sa.false()),
    text("key"), whole("recorded_at"),
)  # fmt: skip

# What folds remember

KEPT = sa.Table(
    "kept", METADATA, key("generation", sa.Integer), key("fold"), key("workspace"),
    key("entity"), key("event_id"), text("topic"), sa.Column("partition", sa.Integer),
    whole("offset"), whole("recorded_at"), text("key"), text("type"), raw("head"),
    raw("data"),
    sa.Index("kept_recorded", "generation", "fold", "workspace", "recorded_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
WAITING = sa.Table(
    "waiting", METADATA, key("generation", sa.Integer), key("fold"), key("workspace"),
    key("need"), key("entity"),
    sa.Index("waiting_entity", "generation", "fold", "workspace", "entity"),
)  # fmt: skip
SETTLING = sa.Table(
    "settling", METADATA, key("generation", sa.Integer), key("fold"), key("workspace"),
    key("entity"), sa.Column("due_at", sa.BigInteger, nullable=False, index=True),
)  # fmt: skip


UNSEEN = sa.Table(
    "unseen", METADATA, key("generation", sa.Integer), key("fold"), key("workspace"),
    key("entity"), whole("since"),
)  # fmt: skip
KEPT_AGAIN = sa.Table(
    "kept_again", METADATA, key("generation", sa.Integer), key("fold"), key("workspace"),
    key("entity"), key("event_id"), key("topic"), key("partition", sa.Integer),
    key("offset", sa.BigInteger), whole("recorded_at"), text("key"), text("type"), raw("head"),
    raw("data"),
)  # fmt: skip
"""Later copies of facts in ``kept``: one stands when the first one's batch is undone."""
UNDONE = sa.Table("undone", METADATA, key("generation", sa.Integer), key("workspace"), key("batch"))


def _fold_table(name: str, *filters: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        name, METADATA, key("generation", sa.Integer), key("workspace"), key("id"),
        text("entity"), *filters, raw("doc"),
        sa.Index(f"{name}_entity", "generation", "workspace", "entity"),
    )  # fmt: skip


CAMPAIGN = _fold_table("campaign")
ACTIVITY = _fold_table("activity")
ENTRY = _fold_table("entry")
CONTACT = _fold_table("contact")
CLUSTER = _fold_table("cluster", text("subject"), whole("since"), text("cluster"))
RESPONSE = _fold_table(
    "response", text("campaign_id"), text("channel"), text("type"), text("status"),
    text("code"), text("owner_id"), text("country"), whole("occurred_at"),
)  # fmt: skip
MESSAGE = _fold_table("message", text("subject"), whole("at"))
SUBMISSION = _fold_table(
    "submission",
    text("form_id"),
    text("state"),
    whole("occurred_at"),
)
LEAD = _fold_table("lead")
OPPORTUNITY = _fold_table("opportunity")
MEMBER = _fold_table("member", text("list_id"), whole("is_open"))
sa.Index("response_order", RESPONSE.c.generation, RESPONSE.c.workspace, RESPONSE.c.occurred_at,
         RESPONSE.c.id)  # fmt: skip
sa.Index("submission_order", SUBMISSION.c.generation, SUBMISSION.c.workspace,
         SUBMISSION.c.form_id, SUBMISSION.c.occurred_at, SUBMISSION.c.id)  # fmt: skip
sa.Index("message_subject", MESSAGE.c.generation, MESSAGE.c.workspace, MESSAGE.c.subject)
sa.Index("member_list", MEMBER.c.generation, MEMBER.c.workspace, MEMBER.c.list_id, MEMBER.c.id)
sa.Index("cluster_subject", CLUSTER.c.generation, CLUSTER.c.workspace, CLUSTER.c.subject)
sa.Index("cluster_members", CLUSTER.c.generation, CLUSTER.c.workspace, CLUSTER.c.cluster)

FOLD_TABLES = {
    table.name: table
    for table in (
        CAMPAIGN, ACTIVITY, ENTRY, CONTACT, CLUSTER, SUBMISSION, MESSAGE, RESPONSE, LEAD,
        OPPORTUNITY, MEMBER,
    )
}  # fmt: skip
"""Tables that a rebuild derives again, by name."""

SET = "main"
"""The one set of projections whose generation moves together."""


_POSTGRES = "-c statement_timeout=60000 -c lock_timeout=30000 -c synchronous_commit=on"
# A machine that is gone without a word is missed within 30 s, whether it is asked or listened to.
_NETWORK = {
    "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip


def open_rows(url: str) -> sa.Engine:
    """The engine of a row store, its tables made where they are missing."""
    engine = sa.create_engine(url) if url.startswith("sqlite") else _postgres(url)
    tell_trouble(engine)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    bring_up(engine)
    with engine.begin() as connection:
        if active_generation(connection) is None:
            connection.execute(POINTER.insert().values(name=SET, generation=1))
    return engine


def _postgres(url: str) -> sa.Engine:
    """Bounded in time: a server that hangs is as good as one that is away."""
    bounds = {"connect_timeout": 5, "options": _POSTGRES, **_NETWORK}
    engine = sa.create_engine(url, pool_pre_ping=True, poolclass=Pool, connect_args=bounds)
    sa.event.listen(engine, "connect", lambda connection, _record: adapt_texts(connection))
    return engine


def of_fold(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    """That a row is of the generation, the fold and the workspace that are bound as ``of_...``."""
    names = ("generation", "fold", "workspace")
    return tuple(table.c[name] == sa.bindparam(f"of_{name}") for name in names)


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
