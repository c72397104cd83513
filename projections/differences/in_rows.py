"""Rows of the row store that differ between two generations. Only those are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa

from events.sql.tables import reading
from projections.differences.difference import (
    Difference,
    RowDifference,
    What,
    changes_between,
    grouped,
)
from projections.stores.rows import FOLD_TABLES


def row_differences(rows: sa.Engine, before: int, after: int) -> list[Difference]:
    """The differences of every table of rows, from one generation to another."""
    found: list[Difference] = []
    with reading(rows).begin() as connection:
        for name, table in sorted(FOLD_TABLES.items()):
            found += grouped(f"rows.{name}", _differing(connection, table, before, after))
    return found


def _differing(
    connection: sa.Connection, table: sa.Table, before: int, after: int
) -> Iterator[tuple[What, RowDifference]]:
    for here, there, what in ((before, after, What.MISSING), (after, before, What.ADDED)):
        for row in connection.execute(_absent(table, here, there)):
            yield what, RowDifference(row.workspace, row.id)
    for row in connection.execute(_changed(table, before, after)):
        yield (
            What.CHANGED,
            RowDifference(
                row.workspace, row.id, changes_between(orjson.loads(row.old), orjson.loads(row.new))
            ),
        )


def _absent(table: sa.Table, here: int, there: int) -> sa.Select[Any]:
    """Rows of a generation that another one does not have."""
    mine, other = table.alias("mine"), table.alias("other")
    same = sa.exists().where(
        other.c.generation == there, other.c.workspace == mine.c.workspace, other.c.id == mine.c.id
    )
    return sa.select(mine.c.workspace, mine.c.id).where(mine.c.generation == here, ~same)


def _changed(table: sa.Table, before: int, after: int) -> sa.Select[Any]:
    old, new = table.alias("old"), table.alias("new")
    both = sa.and_(
        new.c.generation == after, new.c.workspace == old.c.workspace, new.c.id == old.c.id
    )
    chosen = sa.select(old.c.workspace, old.c.id, old.c.doc.label("old"), new.c.doc.label("new"))
    return chosen.join(new, both).where(old.c.generation == before, old.c.doc != new.c.doc)
