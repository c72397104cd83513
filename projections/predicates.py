"""Conditions on an event's payload: the same meaning in Python and in SQL.

A missing value is never true, except for ``is_null``; values of different kinds never compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.fields import Prop


def holds(prop: Prop, data: Any) -> bool:
    """Whether a condition holds for a payload given as JSON data."""
    value = at_path(data, prop.prop)
    if value is None:
        return prop.op == "is_null"
    return _OPERATIONS[prop.op](value, prop.value)


def all_hold(props: Iterable[Prop], data: Any) -> bool:
    """Whether every condition holds."""
    return all(holds(prop, data) for prop in props)


def at_path(data: Any, path: str) -> Any:
    """The value at a dotted path of JSON data; ``None`` where there is none."""
    for part in path.split("."):
        if not isinstance(data, Mapping) or part not in data:
            return None
        data = data[part]
    return data


def to_sql(props: Iterable[Prop], column: str = "data") -> str:
    """The conditions as one ClickHouse expression over a column of JSON text."""
    return " AND ".join(_sql(prop, column) for prop in props) or "1"


def _sql(prop: Prop, column: str) -> str:
    path = ", ".join(quote(part) for part in prop.prop.split("."))
    kind = f"JSONType({column}, {path})"
    match prop.op:
        case "is_null" | "not_null":
            sql = f"({kind} {'NOT ' if prop.op == 'not_null' else ''}IN ('Null', ''))"
        case "in":
            sql = _among(_listed(prop.value), kind, column, path)
        case "between":
            low, high = (*_listed(prop.value), None, None)[:2]
            above = _compare(">=", low, kind, column, path)
            sql = f"({above} AND {_compare('<=', high, kind, column, path)})"
        case "contains" | "starts_with":
            sql = _search(prop, kind, column, path)
        case _:
            sql = _compare(_SIGNS[prop.op], prop.value, kind, column, path)
    return sql


_SIGNS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _among(values: list[Any], kind: str, column: str, path: str) -> str:
    """One comparison per kind of value: with one per value, a thousand took seconds."""
    texts = [quote(v) for v in values if isinstance(v, str)]
    numbers = [repr(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    parts = [_compare("=", v, kind, column, path) for v in (False, True) if _has(values, v)]
    if numbers:
        # As floats all of them: the engine would else look for one type that holds every one.
        listed = ", ".join(f"toFloat64({number})" for number in numbers)
        number = f"JSONExtractFloat({column}, {path}) IN ({listed})"
        parts.append(f"({kind} IN ('Int64', 'UInt64', 'Double') AND {number})")
    if texts:
        text = f"JSONExtractString({column}, {path}) IN ({', '.join(texts)})"
        parts.append(f"({kind} = 'String' AND {text})")
    return f"({' OR '.join(parts) or '0'})"


def _has(values: list[Any], sought: bool) -> bool:
    return any(value is sought for value in values)


def _search(prop: Prop, kind: str, column: str, path: str) -> str:
    if not isinstance(prop.value, str):
        return "0"
    text, part = f"JSONExtractString({column}, {path})", quote(prop.value)
    found = f"position({text}, {part}) > 0"
    if prop.op == "starts_with":
        found = f"startsWith({text}, {part})"
    return f"({kind} = 'String' AND {found})"


def _compare(operator: str, value: Any, kind: str, column: str, path: str) -> str:
    if isinstance(value, bool):
        return f"({kind} = 'Bool' AND JSONExtractBool({column}, {path}) {operator} {int(value)})"
    if isinstance(value, int | float):
        number = f"JSONExtractFloat({column}, {path})"
        return f"({kind} IN ('Int64', 'UInt64', 'Double') AND {number} {operator} {value!r})"
    if isinstance(value, str):
        text = f"JSONExtractString({column}, {path})"
        return f"({kind} = 'String' AND {text} {operator} {quote(value)})"
    return "0"


def quote(text: str) -> str:
    """A text as a ClickHouse literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
    # A dollar sign begins the name of a table that is handed over with a query.
    escaped = escaped.replace("$", "\\x24")
    return f"'{escaped}'"


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _comparable(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    if isinstance(left, int | float):
        return isinstance(right, int | float)
    return isinstance(left, str) and isinstance(right, str)


def _equal(left: Any, right: Any) -> bool:
    return _comparable(left, right) and bool(left == right)


def _ordered(low: Any, high: Any) -> bool:
    return _comparable(low, high) and bool(low <= high)


def _between(value: Any, bounds: Any) -> bool:
    low, high = (*_listed(bounds), None, None)[:2]
    return _ordered(low, value) and _ordered(value, high)


def _is_text(left: Any, right: Any) -> bool:
    return isinstance(left, str) and isinstance(right, str)


_OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "is_null": lambda _value, _other: False,
    "not_null": lambda _value, _other: True,
    "in": lambda value, others: any(_equal(value, other) for other in _listed(others)),
    "between": _between,
    "contains": lambda value, part: _is_text(value, part) and part in value,
    "starts_with": lambda value, part: _is_text(value, part) and value.startswith(part),
    "eq": _equal,
    "ne": lambda value, other: _comparable(value, other) and value != other,
    "le": _ordered,
    "ge": lambda value, other: _ordered(other, value),
    "lt": lambda value, other: _ordered(value, other) and value != other,
    "gt": lambda value, other: _ordered(other, value) and value != other,
}
