"""What is told of rows that differ in the same way: how many, and some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

MOST_EXAMPLES = 5


class What(StrEnum):
    """What has become of a row: only one side has it, or more than once, or it is another."""

    MISSING = "missing"
    ADDED = "added"
    DOUBLED = "doubled"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A field of a row, as text, on both sides; empty where it has none."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, order=True)
class RowDifference:
    """A row by its key within its workspace, and the fields that differ."""

    workspace: str
    id: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows of a table that differ in the same way: ``count`` of them, the first by key told."""

    table: str
    what: What
    fields: tuple[str, ...]
    count: int
    examples: tuple[RowDifference, ...]


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The fields of two documents that differ."""
    return tuple(
        Change(field, _text(before.get(field)), _text(after.get(field)))
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    # An empty text is not the same as none: it is spelled as JSON does.
    return value if value and isinstance(value, str) else orjson.dumps(value).decode()


def grouped(table: str, found: Iterable[tuple[What, RowDifference]]) -> list[Difference]:
    """Rows by what has become of them and by the fields that differ; most rows first."""
    groups: dict[tuple[What, tuple[str, ...]], tuple[int, list[RowDifference]]] = {}
    for what, row in found:
        kind = (what, tuple(change.field for change in row.changes))
        count, examples = groups.get(kind, (0, []))
        groups[kind] = (count + 1, sorted([*examples, row])[:MOST_EXAMPLES])
    return in_order(
        Difference(table, what, fields, count, tuple(examples))
        for (what, fields), (count, examples) in groups.items()
    )


def in_order(found: Iterable[Difference]) -> list[Difference]:
    """By table, those with most rows first."""
    return sorted(found, key=lambda one: (one.table, -one.count, one.what, one.fields))
