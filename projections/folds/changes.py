"""Rows to write, gathered so that each table is visited once, with their copies for the columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from projections.stores.rows import COPY, FOLD_TABLES

COPIED = frozenset(("campaign", "activity", "entry", "cluster", "response", "lead", "opportunity"))
"""The tables that the column store has copies of."""


@dataclass(slots=True)
class Changes:
    """Rows to write, gathered so that each table is visited once."""

    puts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deletes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    copies: list[dict[str, Any]] = field(default_factory=list)

    def put(self, table: str, values: dict[str, Any]) -> None:
        """Write a row, new or changed."""
        self.puts.setdefault(table, []).append(values)
        self._copy(table, values, deleted=False)

    def delete(self, table: str, values: dict[str, Any]) -> None:
        """Take a row away."""
        self.deletes.setdefault(table, []).append(values)
        self._copy(table, values, deleted=True)

    def write(self, connection: sa.Connection) -> None:
        """Write all of it. Deletions first: a row may move from one id to another and back."""
        for name, rows in self.deletes.items():
            table = FOLD_TABLES[name]
            mine = ("generation", "workspace", "id")
            where = (table.c[column] == sa.bindparam(f"old_{column}") for column in mine)
            old = [{f"old_{column}": row[column] for column in mine} for row in rows]
            connection.execute(table.delete().where(*where), old)
        for name, rows in self.puts.items():
            connection.execute(_upsert(connection, FOLD_TABLES[name]), rows)
        if self.copies:
            connection.execute(COPY.insert(), self.copies)

    def _copy(self, table: str, values: dict[str, Any], *, deleted: bool) -> None:
        if table in COPIED:
            self.copies.append(
                {
                    "generation": values["generation"],
                    "name": table,
                    "workspace": values["workspace"],
                    "id": values["id"],
                    "doc": values["doc"],
                    "deleted": deleted,
                }
            )


def insert_or_ignore(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert that leaves a row with the same key as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def _upsert(connection: sa.Connection, table: sa.Table) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    key = [column.name for column in table.primary_key]
    changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)
