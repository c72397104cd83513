"""Rows of Python values as Arrow tables, typed after the column store's own declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

_PLAIN: dict[str, pa.DataType] = {
    "String": pa.string(),
    "UUID": pa.string(),
    "FixedString(16)": pa.binary(16),
    "Bool": pa.bool_(),
    "UInt8": pa.uint8(),
    "UInt16": pa.uint16(),
    "UInt32": pa.uint32(),
    "UInt64": pa.uint64(),
    "Int32": pa.int32(),
    "Int64": pa.int64(),
    "DateTime64(3, 'UTC')": pa.timestamp("ms", tz="UTC"),
    "Map(LowCardinality(String), String)": pa.map_(pa.string(), pa.string()),
}


def arrow_type(declared: str) -> pa.DataType:
    """The Arrow type in which values for a ClickHouse column are handed over.

    Decimals and enums go as text, which the engine reads exactly.
    """
    kind = declared.partition(" CODEC")[0]
    for wrapper in ("LowCardinality(", "Nullable("):
        if kind.startswith(wrapper):
            return arrow_type(kind[len(wrapper) : -1])
    if kind.startswith("Array("):
        return pa.list_(arrow_type(kind[len("Array(") : -1]))
    if kind.startswith(("Decimal(", "Enum8(")):
        return pa.string()
    return _PLAIN[kind]


def to_table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table with exactly the declared columns."""
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], arrow_type(kind))
            for name, kind in columns.items()
        }
    )


def names_table(**columns: Sequence[str]) -> pa.Table:
    """Columns of texts, to be handed to a query."""
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
