"""Rows of the column store that differ between two generations: found and grouped by the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from projections.differences.difference import (
    MOST_EXAMPLES,
    Change,
    Difference,
    RowDifference,
    What,
    in_order,
)
from projections.stores.columns import Columns
from projections.stores.tables import COPY_COLUMNS, ENTITY_COLUMNS, ENTITY_KEYS, JUDGEMENT_COLUMNS

_PROVENANCE = frozenset(("generation", "version", "ordinal", "deleted"))
"""Columns that say where a row comes from: they may differ between equal tables."""
_ROWS_A_BUCKET = 1_000_000


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """A table as readers see it: ``present`` selects the rows of ``{before}`` and ``{after}``."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    present: str


def column_tables() -> list[ColumnTable]:
    """All tables of the column store that have generations."""
    return [
        _table(
            "judgement",
            ("message_key", "event_id"),
            JUDGEMENT_COLUMNS,
            "judgement FINAL",
            "verdict != 'unjudged'",
        ),
        *(_copy_table(name, declared) for name, declared in COPY_COLUMNS.items()),
        *(
            _table(name, ENTITY_KEYS[name], declared, f"{name} FINAL", "NOT deleted")
            for name, declared in ENTITY_COLUMNS.items()
        ),
    ]


_OF_BOTH = "generation IN ({before:UInt32}, {after:UInt32})"


def _table(
    name: str, key: tuple[str, ...], declared: dict[str, str], source: str, bound: str
) -> ColumnTable:
    values = tuple(c for c in declared if c not in _PROVENANCE and c not in {"workspace", *key})
    present = f"(SELECT * FROM {source} WHERE {_OF_BOTH} AND {bound})"
    return ColumnTable(name, key, values, present)


def _copy_table(name: str, declared: dict[str, str]) -> ColumnTable:
    newest = (
        f"(SELECT * FROM {name}_copy WHERE {_OF_BOTH} "
        "ORDER BY version DESC LIMIT 1 BY generation, workspace, id)"
    )
    values = tuple(c for c in declared if c not in _PROVENANCE and c not in {"workspace", "id"})
    return ColumnTable(name, ("id",), values, f"(SELECT * FROM {newest} WHERE NOT deleted)")


def column_differences(columns: Columns, before: int, after: int) -> list[Difference]:
    """The differences of every table of columns, from one generation to another."""
    bounds = {"before": before, "after": after}
    found: list[Difference] = []
    for table in column_tables():
        count = columns.query(f"SELECT count() AS rows FROM {table.present}", bounds)
        buckets = 1 + int(count.column(0).to_pylist()[0]) // _ROWS_A_BUCKET
        merged: dict[tuple[What, tuple[str, ...]], Difference] = {}
        for bucket in range(buckets):
            asked = {**bounds, "bucket": bucket, "buckets": buckets}
            for row in columns.query(_text_of(table), asked).to_pylist():
                one = _difference(f"columns.{table.name}", row)
                kind = (one.what, one.fields)
                merged[kind] = _together(merged[kind], one) if kind in merged else one
        found += merged.values()
    return in_order(found)


def _text_of(table: ColumnTable) -> str:
    key = f"concatWithSeparator('/', {', '.join(f'toString({c})' for c in table.key)}, '')"
    texts = ", ".join(f"ifNull(toString({c}), '') AS v_{c}" for c in table.values)
    pairs = ", ".join(
        f"('{c}', anyIf(v_{c}, g = {{before:UInt32}}), anyIf(v_{c}, g = {{after:UInt32}}))"
        for c in table.values
    )
    return f"""
SELECT what, fields, count() AS count,
    arrayMap(
        row -> arrayConcat([[row.1, row.2]], arrayMap(c -> [c.1, c.2, c.3], row.3)),
        groupArraySorted({MOST_EXAMPLES})((workspace, id, changes))
    ) AS examples
FROM (
    SELECT workspace, id,
        multiIf(of_before = 0, 'added', of_after = 0, 'missing',
                of_before != of_after, 'doubled', 'changed') AS what,
        if(what = 'changed', differing, []) AS changes, arrayMap(c -> c.1, changes) AS fields
    FROM (
        SELECT workspace, id, countIf(g = {{before:UInt32}}) AS of_before,
            countIf(g = {{after:UInt32}}) AS of_after,
            arrayFilter(c -> c.2 != c.3, [{pairs}]) AS differing
        FROM (
            SELECT generation AS g, workspace, trim(TRAILING '/' FROM {key}) AS id, {texts}
            FROM {table.present}
            WHERE cityHash64({", ".join(table.key)}) % {{buckets:UInt32}} = {{bucket:UInt32}}
        )
        GROUP BY workspace, id
        HAVING of_before != of_after OR notEmpty(differing)
    )
)
GROUP BY what, fields
"""


def _difference(table: str, row: dict[str, Any]) -> Difference:
    examples = tuple(
        RowDifference(workspace, identity, tuple(Change(*change) for change in changes))
        for (workspace, identity), *changes in row["examples"]
    )
    return Difference(table, What(row["what"]), tuple(row["fields"]), row["count"], examples)


def _together(one: Difference, other: Difference) -> Difference:
    examples = tuple(sorted((*one.examples, *other.examples))[:MOST_EXAMPLES])
    return Difference(one.table, one.what, one.fields, one.count + other.count, examples)
