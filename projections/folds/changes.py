"""Rows to write, gathered so that each table is visited once, with their copies for the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from events.sql.bulk import Row, columns_of, insert_rows
from projections.stores.rows import FOLD_TABLES

COPIED = frozenset(("campaign", "activity", "entry", "cluster", "response", "lead", "opportunity"))
"""The tables that the column store has copies of."""

_OLD = ("generation", "workspace", "id")


@dataclass(slots=True)
class Changes:
    """Rows to write, gathered so that each table is visited once."""

    puts: dict[str, list[Row]] = field(default_factory=dict)
    deletes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    copies: list[Row] = field(default_factory=list)

    def put(self, table: str, values: Mapping[str, Any]) -> None:
        """Write a row, new or changed."""
        row = tuple([values[name] for name in columns_of(FOLD_TABLES[table])])
        self.puts.setdefault(table, []).append(row)
        self._copy(table, values, deleted=False)

    def delete(self, table: str, values: Mapping[str, Any]) -> None:
        """Take a row away."""
        self.deletes.setdefault(table, []).append({f"old_{name}": values[name] for name in _OLD})
        self._copy(table, values, deleted=True)

    def copy_again(self, table: str, values: Mapping[str, Any]) -> None:
        """Have the columns get a row once more that is right in the row store."""
        self._copy(table, values, deleted=False)

    @property
    def counts(self) -> Counter[str]:
        """How many rows become others, by table."""
        written = Counter({name: len(rows) for name, rows in self.puts.items()})
        return written + Counter({name: len(rows) for name, rows in self.deletes.items()})

    def write(self, connection: sa.Connection) -> None:
        """Write all but the copies. Deletions first: a row may move from one id to another."""
        for name, rows in self.deletes.items():
            table = FOLD_TABLES[name]
            where = (table.c[column] == sa.bindparam(f"old_{column}") for column in _OLD)
            connection.execute(table.delete().where(*where), rows)
        for name, puts in self.puts.items():
            insert_rows(connection, FOLD_TABLES[name], puts, "replace")

    def _copy(self, table: str, values: Mapping[str, Any], *, deleted: bool) -> None:
        if table in COPIED:
            place = (values["generation"], table, values["workspace"], values["id"])
            self.copies.append((*place, values["doc"], deleted))
