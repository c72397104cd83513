"""Batches that were undone, and later copies of facts, which may have to stand then."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, primary_key=True) for name in names]


def _generation() -> sa.Column[int]:
    return sa.Column("generation", sa.Integer, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False, server_default="")


def upgrade() -> None:
    """Two tables; there is nothing in them yet."""
    op.create_table("undone", _generation(), *_keys("workspace", "batch"))
    op.create_table(
        "kept_again", _generation(),
        *_keys("fold", "workspace", "entity", "event_id", "topic"),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("offset", sa.BigInteger, primary_key=True),
        sa.Column("recorded_at", sa.BigInteger, nullable=False, server_default="0"),
        _text("key"), _text("type"),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )  # fmt: skip
