"""Comparing a value with one a rule names: true, false or unknown.

A missing value compares as unknown, and so do values of different kinds. Texts compare by case; two
that are both dates or times compare as moments; money by its amount in the base currency.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from schemas.instants import parse_instant

FALSE, UNKNOWN, TRUE = 0, 1, 2
Truth = int
"""One of ``FALSE`` < ``UNKNOWN`` < ``TRUE``: all is the least of its parts, any the greatest."""


def truth_of(holds: bool) -> Truth:
    """A plain yes or no."""
    return TRUE if holds else FALSE


def opposite(value: Truth) -> Truth:
    """Not: unknown stays unknown."""
    return TRUE - value


def compare(value: Any, op: str, other: Any) -> Truth:
    """What a comparison comes to."""
    if op in ("is_null", "not_null"):
        return truth_of((value is None) == (op == "is_null"))
    if value is None:
        return UNKNOWN
    if op == "in":
        return max((_compared(value, one, _OPS["eq"]) for one in other), default=FALSE)
    if op == "between":
        low, high = other
        return min(_compared(value, low, _OPS["ge"]), _compared(value, high, _OPS["le"]))
    return _searched(value, op, other) if op in _SEARCHES else _compared(value, other, _OPS[op])


def number_of(value: Any) -> Decimal | None:
    """A number, or money in the base currency; ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    if isinstance(value, dict) and "amount" in value:
        try:
            return Decimal(str(value["amount"])) * Decimal(str(value.get("rate", 1)))
        except InvalidOperation:
            return None
    return None


@lru_cache(maxsize=65_536)
def moment_of(text: str) -> int | None:
    """The moment that a text names; ``None`` if it names none."""
    try:
        return parse_instant(text)
    except ValueError:
        return None


_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
}


_SEARCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "starts_with": lambda text, part: text.startswith(part),
}


def _searched(value: Any, op: str, part: Any) -> Truth:
    if not isinstance(value, str) or not isinstance(part, str):
        return UNKNOWN
    return truth_of(_SEARCHES[op](value, part))


def _compared(value: Any, other: Any, holds: Callable[[Any, Any], bool]) -> Truth:
    if isinstance(value, bool) or isinstance(other, bool):
        alike = isinstance(value, bool) and isinstance(other, bool)
        return truth_of(holds(value, other)) if alike else UNKNOWN
    if isinstance(value, str) and isinstance(other, str):
        moments = moment_of(value), moment_of(other)
        return truth_of(holds(value, other) if None in moments else holds(*moments))
    first, second = number_of(value), number_of(other)
    if first is None or second is None:
        return UNKNOWN
    return truth_of(holds(first, second))
