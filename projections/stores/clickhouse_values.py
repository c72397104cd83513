"""Values of ClickHouse types, as the driver has them and as Arrow tables have them.

What is read has the types in which the engine itself writes Arrow: enums are their numbers, a UUID
is one, and a fixed string is its bytes. Texts travel as bytes, so nothing is decoded twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from schemas.errors import StoreUnavailable

_ENUM_NAMES = re.compile(r"'((?:[^'\\]|\\.)*)' = (-?\d+)")
_UNITS = {"0": "s", "3": "ms", "6": "us", "9": "ns"}
_PLAIN: dict[str, pa.DataType] = {
    "String": pa.string(),
    "UUID": pa.uuid(),
    "Bool": pa.bool_(),
    "UInt8": pa.uint8(),
    "UInt16": pa.uint16(),
    "UInt32": pa.uint32(),
    "UInt64": pa.uint64(),
    "Int8": pa.int8(),
    "Int16": pa.int16(),
    "Int32": pa.int32(),
    "Int64": pa.int64(),
    "Float32": pa.float32(),
    "Float64": pa.float64(),
    "Date": pa.date32(),
    "Date32": pa.date32(),
    "Nothing": pa.null(),
}
_NAMES = {kind: name for name, kind in _PLAIN.items() if name not in {"Date32", "UUID"}}
_Reading = Callable[[Any], Any]


def read_table(columns: Sequence[Sequence[Any]], kinds: Sequence[tuple[str, str]]) -> pa.Table:
    """The table of an answer: its columns, which are none where it has no rows, names and types."""
    fields = [arrow_field(name, kind) for name, kind in kinds]
    values = columns or [()] * len(fields)
    arrays = [
        pa.array(_read(column, kind), field.type)
        for column, (_, kind), field in zip(values, kinds, fields, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def arrow_field(name: str, kind: str) -> pa.Field:
    """The Arrow field that a column of a ClickHouse type becomes."""
    kind = _bare(kind)
    inner = _inside(kind, "Nullable")
    return pa.field(name, _arrow_type(inner or kind), nullable=inner is not None)


def written(column: pa.ChunkedArray, kind: str) -> list[Any]:
    """The values of a column, as the driver takes them for a ClickHouse type."""
    values: list[Any] = column.cast(_sent_type(kind)).to_pylist()
    return [dict(pairs) for pairs in values] if kind.startswith("Map(") else values


def kind_of(arrow: pa.DataType) -> str:
    """The ClickHouse type of a column that is handed over beside a query."""
    if pa.types.is_list(arrow):
        return f"Array({kind_of(arrow.value_type)})"
    try:
        return _NAMES[arrow]
    except KeyError:
        raise StoreUnavailable(f"Arrow's type {arrow} cannot be sent to ClickHouse.") from None


def _arrow_type(kind: str) -> pa.DataType:
    name, _, rest = kind.partition("(")
    if kind in _PLAIN:
        return _PLAIN[kind]
    if name in _NESTED:
        return _NESTED[name](*_parts(rest[:-1]))
    raise StoreUnavailable(f"{kind} cannot be read from ClickHouse; a query can convert it.")


def _map(key: str, value: str) -> pa.DataType:
    return pa.map_(arrow_field("", key).type, arrow_field("", value).type)


def _decimal(precision: str, scale: str) -> pa.DataType:
    make = pa.decimal128 if int(precision) <= 38 else pa.decimal256
    return make(int(precision), int(scale))


_NESTED: dict[str, Callable[..., pa.DataType]] = {
    "Array": lambda inner: pa.list_(arrow_field("item", inner)),
    "Map": _map,
    "FixedString": lambda size: pa.binary(int(size)),
    "Decimal": _decimal,
    "DateTime64": lambda scale, zone="'UTC'": pa.timestamp(_UNITS[scale], zone.strip("'")),
    "Enum8": lambda *_: pa.int8(),
    "Enum16": lambda *_: pa.int16(),
}


def _read(values: Sequence[Any], kind: str) -> Iterable[Any]:
    reading = _reading(_bare(kind))
    return values if reading is None else [v if v is None else reading(v) for v in values]


def _reading(kind: str) -> _Reading | None:
    """What makes a value of the driver's one of Arrow's; None where they are the same."""
    kind = _inside(kind, "Nullable") or kind
    if kind.startswith("Enum"):
        return _numbers(kind).__getitem__
    if kind.startswith("Map("):
        return lambda pairs: list(pairs.items())
    if inner := _inside(kind, "Array"):
        return None if _reading(_bare(inner)) is None else lambda some: _read(some, inner)
    return None


def _sent_type(kind: str) -> pa.DataType:
    """The Arrow type whose Python values the driver takes: names of enums, decimals as text."""
    kind = _inside(_bare(kind), "Nullable") or _bare(kind)
    if inner := _inside(kind, "Array"):
        return pa.list_(_sent_type(inner))
    if inner := _inside(kind, "Map"):
        return pa.map_(*map(_sent_type, _parts(inner)))
    if kind == "String" or kind.startswith("FixedString("):
        return pa.binary()
    if kind.startswith("DateTime64("):
        return pa.int64()
    if kind == "UUID" or kind.startswith(("Decimal(", "Enum")):
        return pa.string()
    return _arrow_type(kind)


def _numbers(kind: str) -> dict[str, int]:
    return {
        re.sub(r"\\(.)", r"\1", name): int(number) for name, number in _ENUM_NAMES.findall(kind)
    }


def _bare(kind: str) -> str:
    return _inside(kind, "LowCardinality") or kind


def _inside(kind: str, wrapper: str) -> str | None:
    return kind[len(wrapper) + 1 : -1] if kind.startswith(f"{wrapper}(") else None


def _parts(text: str) -> list[str]:
    """What commas part, outside of brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]
