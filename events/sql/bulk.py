"""Many rows of one table at once, at the driver's own cost.

For every single row SQLAlchemy makes a dict of parameters and converts each value: of the 13 µs
that keeping a fact took, 6 went there. What folds write are texts, whole numbers, truth values and
bytes, which every driver takes as they are. The statement still is SQLAlchemy's, in the dialect of
whatever store it goes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Conflict = Literal["refuse", "ignore", "replace"]
Row = tuple[Any, ...]


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], on_conflict: Conflict
) -> int:
    """Insert rows whose values stand in the order of ``columns_of``.

    ``on_conflict`` says what happens to a row whose key is there: it fails, it is left out, or it
    takes the place of the other. Answers how many rows were written.
    """
    if not rows:
        return 0
    text, is_positional = _text(connection.dialect, table, on_conflict)
    if is_positional:
        return connection.exec_driver_sql(text, list(rows)).rowcount
    names = columns_of(table)
    given = [dict(zip(names, row, strict=True)) for row in rows]
    return connection.exec_driver_sql(text, given).rowcount


@lru_cache(maxsize=128)
def columns_of(table: sa.Table) -> tuple[str, ...]:
    """The columns of a table that a row gives a value for: all but a number the store draws."""
    return tuple(column.name for column in table.c if column is not table.autoincrement_column)


@lru_cache(maxsize=128)
def _text(dialect: sa.Dialect, table: sa.Table, on_conflict: Conflict) -> tuple[str, bool]:
    """The statement as the driver takes it, and whether its parameters have places, not names."""
    kind = postgresql if dialect.name == "postgresql" else sqlite
    statement: Any = kind.insert(table)
    key = [column.name for column in table.primary_key]
    if on_conflict == "ignore":
        statement = statement.on_conflict_do_nothing()
    elif on_conflict == "replace":
        changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in key}
        statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
    compiled = statement.compile(dialect=dialect, column_keys=list(columns_of(table)))
    if compiled.positional and tuple(compiled.positiontup) != columns_of(table):
        raise TypeError(f"An insert into {table.name} takes its values in another order.")
    return str(compiled), compiled.positional
