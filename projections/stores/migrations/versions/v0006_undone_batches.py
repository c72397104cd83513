"""Batches that were undone, and which entities have facts of which batch."""

from itertools import islice

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_AT_ONCE = 10_000
_FACTS = sa.text("SELECT generation, fold, workspace, entity, head FROM kept WHERE topic = 'facts'")


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, primary_key=True) for name in names]


def _generation() -> sa.Column[int]:
    return sa.Column("generation", sa.Integer, primary_key=True)


def upgrade() -> None:
    """Three tables; which facts came with batches is told by what folds have kept."""
    op.create_table("undone", _generation(), *_keys("workspace", "batch"))
    batched = op.create_table(
        "batched", _generation(), *_keys("fold", "workspace", "batch", "entity")
    )
    found = set()
    for row in op.get_bind().execution_options(yield_per=_AT_ONCE).execute(_FACTS):
        if b"batch_id" in bytes(row.head):
            batch = orjson.loads(bytes(row.head)).get("batch_id")
            if batch is not None:
                found.add((row.generation, row.fold, row.workspace, batch, row.entity))
    op.create_table(
        "kept_again", _generation(), *_keys("fold", "workspace", "entity", "event_id", "topic"),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("offset", sa.BigInteger, primary_key=True),
        sa.Column("recorded_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("key", sa.String, nullable=False, server_default=""),
        sa.Column("type", sa.String, nullable=False, server_default=""),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    names = ("generation", "fold", "workspace", "batch", "entity")
    rest = iter(sorted(found))
    while some := [dict(zip(names, values, strict=True)) for values in islice(rest, _AT_ONCE)]:
        op.bulk_insert(batched, some)
