"""Who is on which list. A generation made before has nothing in it: build one anew by a replay."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """The table of members."""
    op.create_table(
        "member",
        sa.Column("generation", sa.Integer, primary_key=True),
        sa.Column("workspace", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("entity", sa.String, nullable=False, server_default=""),
        sa.Column("list_id", sa.String, nullable=False, server_default=""),
        sa.Column("is_open", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("doc", sa.LargeBinary, nullable=False),
    )
    op.create_index("member_entity", "member", ["generation", "workspace", "entity"])
    op.create_index("member_list", "member", ["generation", "workspace", "list_id", "id"])
