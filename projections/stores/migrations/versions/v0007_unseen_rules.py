"""Entities that have not met the rules that took effect since a moment."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """The table; what is due at once by the way of before stays due."""
    op.create_table(
        "unseen",
        sa.Column("generation", sa.Integer, primary_key=True),
        *(sa.Column(n, sa.String, primary_key=True) for n in ("fold", "workspace", "entity")),
        sa.Column("since", sa.BigInteger, nullable=False, server_default="0"),
    )
