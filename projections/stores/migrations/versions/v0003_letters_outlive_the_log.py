"""Dead letters with all of their record: retention may take it from the log meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Letters of before say no key: their log is still there, since none had a retention."""
    with op.batch_alter_table("dead_letter") as letter:
        letter.add_column(sa.Column("key", sa.String, nullable=False, server_default=""))
        letter.add_column(
            sa.Column("recorded_at", sa.BigInteger, nullable=False, server_default="0")
        )
