"""Blocks of columns: the wire's, which mark how each column is written, and the engine's Native.

The driver's own columns read and write both. Values pass as the plainest type of the same bytes: a
time as its number, a UUID as 16 bytes. So they come out as they went in.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from clickhouse_driver.block import BlockInfo
from clickhouse_driver.bufferedreader import CompressedBufferedReader
from clickhouse_driver.bufferedwriter import CompressedBufferedWriter
from clickhouse_driver.columns.service import get_column_by_spec
from clickhouse_driver.reader import read_binary_str, read_binary_uint8
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

_SIZE = 1 << 20
_PLAIN = {
    "UUID": "FixedString(16)", "Bool": "UInt8", "IPv4": "UInt32", "DateTime": "UInt32",
    "Date": "UInt16", "Date32": "Int32", "Enum8": "Int8", "Enum16": "Int16", "DateTime64": "Int64",
}  # fmt: skip
_WORD = re.compile(
    r"\b(UUID|Bool|IPv4|Date(?:Time)?(?:32|64)?|Enum(?:8|16))\b(?:\(([^()]|'\)')*\))?"
)
_DECIMAL = re.compile(r"\bDecimal\((\d+), *\d+\)")


class Block(NamedTuple):
    """Names and types of columns, and a sequence of values for each; none where no rows are."""

    columns: list[tuple[str, str]]
    values: list[Any]


class _Context:
    """What the driver's columns ask of a connection."""

    client_settings = {"strings_as_bytes": True, "use_numpy": False}
    settings: dict[str, Any] = {}


_OPTIONS = {"context": _Context()}


def read_block(source: Any, *, wire: bool) -> Block:
    """The next block. One of the engine's bears no marks; ``EOFError`` where its bytes end."""
    if wire:
        BlockInfo().read(source)
    width, rows = read_varint(source), read_varint(source)
    columns, values = [], []
    for _ in range(width):
        name, kind = read_binary_str(source), read_binary_str(source)
        columns.append((name, kind))
        if wire and read_binary_uint8(source):
            raise ValueError(f"Column {name} is written in a way that the test server cannot read.")
        if rows:
            column = _column(kind)
            column.read_state_prefix(source)
            values.append(column.read_data(rows, source))
    return Block(columns, values)


def write_block(block: Block, target: Any, *, wire: bool) -> None:
    """Write a block as ``read_block`` reads it."""
    if wire:
        BlockInfo().write(target)
    write_varint(len(block.columns), target)
    write_varint(len(block.values[0]) if block.values else 0, target)
    for number, (name, kind) in enumerate(block.columns):
        write_binary_str(name, target)
        write_binary_str(kind, target)
        if wire:
            write_binary_uint8(0, target)
        if block.values:
            column, values = _column(kind), list(block.values[number])
            column.write_state_prefix(target, values)
            column.write_data(values, target)


def from_native(content: bytes) -> Iterator[Block]:
    """The blocks that bytes of the engine hold."""
    parts = iter([content])
    source = CompressedBufferedReader(lambda: next(parts, b""), _SIZE)
    with suppress(EOFError):
        while True:
            yield read_block(source, wire=False)


def to_native(blocks: list[Block]) -> bytes:
    """The bytes of blocks, for the engine."""
    content = io.BytesIO()
    target = CompressedBufferedWriter(content, _SIZE)
    for block in blocks:
        write_block(block, target, wire=False)
    target.flush()
    return content.getvalue()


def _column(kind: str) -> Any:
    plain = _WORD.sub(lambda found: _PLAIN[found[1]], kind)
    return get_column_by_spec(_DECIMAL.sub(_integer, plain), dict(_OPTIONS))


def _integer(decimal: re.Match[str]) -> str:
    digits = int(decimal[1])
    return (
        "Int32"
        if digits <= 9
        else "Int64"
        if digits <= 18
        else f"Int{128 if digits <= 38 else 256}"
    )
