"""What a segment rule can say (section 6 of the domain specification).

Every expression knows its place in the rule, a JSON Pointer: by it a clause is named wherever
reasons are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.durations import Duration
from schemas.fields import Prop

Kind = Literal["account", "contact", "lead"]
"""What a list's members are."""

Relation = Literal[
    "orders", "contracts", "contacts", "account", "leads", "opportunities", "cases", "responses"
]


@dataclass(frozen=True, slots=True)
class Clause:
    """Any part of a rule that is true, false or unknown."""

    at: str


@dataclass(frozen=True, slots=True)
class Count:
    """How often something must be: ``op`` is one of eq, lt, le, gt, ge."""

    op: str
    n: int

    def holds(self, count: int) -> bool:
        """Whether so many are right."""
        match self.op:
            case "eq":
                return count == self.n
            case "lt":
                return count < self.n
            case "le":
                return count <= self.n
            case "gt":
                return count > self.n
        return count >= self.n


ONCE = Count("ge", 1)


@dataclass(frozen=True, slots=True)
class Last:
    """A window that moves with time: an event is inside from its moment until so much later."""

    duration: Duration
    text: str


@dataclass(frozen=True, slots=True)
class Between:
    """A window that stands still, half-open; without an end it is never over."""

    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class AllOf(Clause):
    """True if all parts are; the least of their values."""

    parts: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Clause):
    """True if one part is; the greatest of their values."""

    parts: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Not(Clause):
    """The opposite; not unknown is unknown."""

    part: Clause


@dataclass(frozen=True, slots=True)
class FieldIs(Clause):
    """The record's own field compares so with a value."""

    path: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class FieldAge(Clause):
    """So long ago, or not yet so long ago."""

    path: str
    is_older: bool
    duration: Duration
    text: str


@dataclass(frozen=True, slots=True)
class Did(Clause):
    """What the person, or the company's record, has done or met with."""

    type: str
    where: tuple[Prop, ...]
    count: Count
    within: Last | Between | None
    human: bool


@dataclass(frozen=True, slots=True)
class Has(Clause):
    """Related records for which a condition is true."""

    relation: Relation
    where: Clause | None
    count: Count


@dataclass(frozen=True, slots=True)
class Trend(Clause):
    """How a number develops."""

    path: str
    over: Duration
    text: str
    direction: Literal["rising", "falling", "flat"]
    by: Decimal
    is_percent: bool


@dataclass(frozen=True, slots=True)
class InList(Clause):
    """Membership of another list: now, or as it was once."""

    list_id: UUID
    name: str
    as_of: int | None


@dataclass(frozen=True, slots=True)
class ConsentIs(Clause):
    """What the consent ledger says."""

    channel: str
    purpose: str
    granted: bool


@dataclass(frozen=True, slots=True)
class ScoreIs(Clause):
    """How many points a score has."""

    score: str
    op: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """A list's rule. ``reads`` are the fields, types and lists that its value can follow from."""

    member: Kind
    zone: ZoneInfo
    where: Clause
    reads: frozenset[str]

    @property
    def lists(self) -> frozenset[UUID]:
        """The lists that it reads."""
        return frozenset(UUID(name[5:]) for name in self.reads if name.startswith("list:"))


def parts_of(clause: Clause) -> tuple[Clause, ...]:
    """The clauses that one is directly made of, of the same record."""
    match clause:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return parts
        case Not(part=part):
            return (part,)
    return ()
