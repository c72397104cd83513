"""What a replay would take: counted in the journal, timed by the last one."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from events.sql.tables import reading
from projections.read_models import ReadModels
from projections.replay.generation import Generation
from projections.replay.replays import Plan, Share
from projections.stores.rows import FOLD_TABLES, KEPT

_SHARES = (
    "SELECT type, count() AS events, sum(length(data)) AS size FROM journal "
    "GROUP BY type ORDER BY events DESC, type"
)
_PARTS = (
    "SELECT sum(bytes_on_disk) AS size FROM system.parts WHERE active "
    "AND database = currentDatabase() AND partition = {generation:String} "
    "AND NOT startsWith(table, 'journal') AND table != 'seen'"
)


def estimate(
    models: ReadModels, live: int, generations: Sequence[Generation], changed: list[str]
) -> Plan:
    """The plan of a replay of everything."""
    shares = [Share(**row) for row in models.columns.query(_SHARES).to_pylist()]
    events = models.log.heads().total
    rates = [one.rate for one in generations if one.rate is not None]
    seconds = events / rates[-1] if rates else None
    columns = models.columns.query(_PARTS, {"generation": str(live)}).to_pylist()[0]["size"]
    return Plan(events, shares, seconds, int(columns) + _documents(models.rows, live), changed)


def _documents(rows: sa.Engine, generation: int) -> int:
    """The bytes of a generation's documents and of the facts that folds keep."""
    size = 0
    with reading(rows).begin() as connection:
        for table in FOLD_TABLES.values():
            size += _sum(connection, table, table.c.doc, generation)
        size += _sum(connection, KEPT, KEPT.c.data, generation)
        size += _sum(connection, KEPT, KEPT.c.head, generation)
    return size


def _sum(
    connection: sa.Connection, table: sa.Table, column: sa.Column[bytes], generation: int
) -> int:
    query = sa.select(sa.func.sum(sa.func.length(column))).where(table.c.generation == generation)
    return int(connection.execute(query).scalar_one() or 0)
