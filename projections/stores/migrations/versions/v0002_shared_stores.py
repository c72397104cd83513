"""Stores that several processes share: epochs of places, a gate and an outbox for decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False, server_default="")


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, primary_key=True)


def _wrapped() -> sa.Column[bytes]:
    return sa.Column("wrapped", sa.LargeBinary, nullable=False)


def upgrade() -> None:
    """From one process a store to many."""
    with op.batch_alter_table("cursor") as cursor:
        cursor.add_column(_whole("epoch"))
    _intent()
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("pending", sa.String, nullable=True))
    op.create_index("ix_outbox_event_id", "outbox", ["event_id"])
    op.create_index("ix_outbox_pending", "outbox", ["pending"])
    op.create_table(
        "turn", _key("sink"), sa.Column("generation", sa.Integer, primary_key=True),
        _key("workspace"), _whole("number"),
    )  # fmt: skip
    _sent()
    _gate()
    _keys()


def _intent() -> None:
    """Its key gets the token: several steps may be open at once."""
    op.rename_table("intent", "intent_before")
    op.create_table(
        "intent", _key("sink"), sa.Column("generation", sa.Integer, primary_key=True),
        _key("token"), _text("start"), _text("finish"), _whole("copies_after"),
        _whole("copies_until"), sa.Column("concluded", sa.Boolean, nullable=False),
    )  # fmt: skip
    names = "sink, generation, token, start, finish, copies_after, copies_until, concluded"
    op.execute(f"INSERT INTO intent ({names}) SELECT {names} FROM intent_before")
    op.drop_table("intent_before")


def _sent() -> None:
    op.create_table(
        "sent", _key("event_id"), sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("pending", sa.String, nullable=False), _text("topic"), _whole("partition"),
        _whole("offset"), sa.Column("sent_at", sa.BigInteger, nullable=False),
    )  # fmt: skip
    op.create_index("ix_sent_pending", "sent", ["pending"])
    op.create_index("ix_sent_sent_at", "sent", ["sent_at"])


def _gate() -> None:
    op.create_table(
        "stream", _key("workspace"), _key("kind"), _key("id"), _whole("version"),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    op.create_table("claim", _key("workspace"), _key("kind"), _key("value"), _text("owner"))
    op.create_table(
        "reply", _key("workspace"), _key("principal"), _key("key"), _text("fingerprint"),
        _whole("status"), sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
    )  # fmt: skip
    op.create_index("ix_reply_expires_at", "reply", ["expires_at"])


def _keys() -> None:
    op.create_table("notice", _key("subject"), _whole("number"))
    op.create_table("address_key", _key("workspace"), _wrapped())
    kid = sa.Column("kid", sa.Integer, primary_key=True)
    op.create_table("token_key", _key("workspace"), kid, _wrapped())
    op.create_table("subject_key", _key("workspace"), _key("subject"), _text("key_id"), _wrapped())
    op.create_index("subject_key_id", "subject_key", ["workspace", "key_id"], unique=True)
    op.create_table(
        "raw_body", _key("workspace"), _key("event_id"),
        sa.Column("day", sa.BigInteger, nullable=False), _text("key_id"),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    op.create_index("ix_raw_body_day", "raw_body", ["day"])
