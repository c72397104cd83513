"""A rule said in words, one line a clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.fields import Prop
from schemas.instants import format_instant
from schemas.rules.language import (
    ONCE,
    AllOf,
    AnyOf,
    Between,
    Clause,
    ConsentIs,
    Count,
    Did,
    FieldAge,
    FieldIs,
    Has,
    InList,
    Last,
    Not,
    Rule,
    ScoreIs,
    Trend,
)

_OPS = {
    "eq": "is", "ne": "is not", "lt": "is less than", "le": "is at most", "gt": "is more than",
    "ge": "is at least", "in": "is one of", "between": "is between", "contains": "contains",
    "starts_with": "starts with", "is_null": "is missing", "not_null": "is known",
}  # fmt: skip
_COUNTS = {"eq": "exactly", "lt": "fewer than", "le": "at most", "gt": "more than",
           "ge": "at least"}  # fmt: skip
_LONGEST_LIST = 5


def explain(rule: Rule) -> list[str]:
    """The whole rule, indented by how deep its clauses lie."""
    return [f"Every {rule.member} for which, by the time of {rule.zone.key}:", *_lines(rule.where)]


def say(clause: Clause) -> str:
    """One clause, without the parts it is made of."""
    return _SAYINGS[type(clause)](clause)


def _lines(clause: Clause, depth: int = 1) -> Iterator[str]:
    yield "  " * depth + say(clause)
    inner: tuple[Clause, ...] = ()
    match clause:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            inner = parts
        case Not(part=part):
            inner = (part,)
        case Has(where=where) if where is not None:
            inner = (where,)
    for part in inner:
        yield from _lines(part, depth + 1)


def _field(clause: FieldIs) -> str:
    return f"{clause.path} {_compared(clause.op, clause.value)}"


def _age(clause: FieldAge) -> str:
    return f"{clause.path} is {'at least' if clause.is_older else 'less than'} {clause.text} ago"


def _did(clause: Did) -> str:
    where = f" with {' and '.join(map(_prop, clause.where))}" if clause.where else ""
    by = "" if clause.human else ", machines counted too"
    return f"{clause.type}{where} {_times(clause.count)}{_window(clause.within)}{by}"


def _has(clause: Has) -> str:
    one = "whatever they are" if clause.where is None else "for which"
    return f"{_amount(clause.count)} {clause.relation} {one}"


def _trend(clause: Trend) -> str:
    by = f"{clause.by.normalize():f}{' percent' if clause.is_percent else ''}"
    how = "neither rose nor fell" if clause.direction == "flat" else _TRENDS[clause.direction]
    return f"{clause.path} {how} by {by} or more over {clause.text}"


def _in_list(clause: InList) -> str:
    at = "" if clause.as_of is None else f", as it was at {format_instant(clause.as_of)}"
    return f"on the list {clause.name}{at}"


def _consent(clause: ConsentIs) -> str:
    return f"{clause.channel} for {clause.purpose} is {_GRANTED[clause.granted]}"


def _score(clause: ScoreIs) -> str:
    return f"the score {clause.score} {_OPS[clause.op]} {clause.value.normalize():f}"


_TRENDS = {"rising": "rose", "falling": "fell"}
_GRANTED = {True: "granted", False: "withdrawn"}
_SAYINGS: Mapping[type[Clause], Callable[[Any], str]] = {
    AllOf: lambda _clause: "all of these:",
    AnyOf: lambda _clause: "one of these:",
    Not: lambda _clause: "not:",
    FieldIs: _field,
    FieldAge: _age,
    Did: _did,
    Has: _has,
    Trend: _trend,
    InList: _in_list,
    ConsentIs: _consent,
    ScoreIs: _score,
}


def _prop(prop: Prop) -> str:
    return f"{prop.prop} {_compared(prop.op, prop.value)}"


def _compared(op: str, value: Any) -> str:
    if op in ("is_null", "not_null"):
        return _OPS[op]
    if op == "between":
        return f"{_OPS[op]} {_value(value[0])} and {_value(value[1])}"
    if op == "in":
        shown = ", ".join(_value(one) for one in value[:_LONGEST_LIST])
        more = len(value) - _LONGEST_LIST
        return f"{_OPS[op]} {shown}{f' and {more} more' if more > 0 else ''}"
    return f"{_OPS[op]} {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['amount']} {value['currency']}"
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def _times(count: Count) -> str:
    if count == Count("eq", 0):
        return "never"
    if count == ONCE:
        return "at least once"
    return f"{_COUNTS[count.op]} {count.n} times"


def _amount(count: Count) -> str:
    return "no" if count == Count("eq", 0) else f"{_COUNTS[count.op]} {count.n}"


def _window(window: Last | Between | None) -> str:
    match window:
        case Last(text=text):
            return f" in the last {text}"
        case Between(start=start, end=None):
            return f" since {format_instant(start)}"
        case Between(start=start, end=end) if end is not None:
            return f" from {format_instant(start)} until before {format_instant(end)}"
    return ""
