"""A record of generations: what was built beside the live one, by which versions, and how far."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False, server_default="")


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    """The live generation is entered when the store is next opened."""
    op.create_table(
        "generation", sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _text("state"), _text("stage"), _text("versions"), _whole("begun_at"),
        _whole("switched_at"), _whole("events"), _whole("spent_ms"), _whole("unapplied"),
        _text("trouble"),
    )  # fmt: skip
