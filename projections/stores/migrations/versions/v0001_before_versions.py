"""The tables as they were before they had versions; nothing is to be done."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing: such a store has these tables."""
