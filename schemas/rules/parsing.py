"""Reads a rule from JSON: every fault is told at its place, all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast, get_args
from uuid import UUID

from schemas.errors import InvalidInput
from schemas.facts.consent import Channel as ConsentChannel
from schemas.fields import Prop
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
    Kind,
    Last,
    Not,
    Relation,
    Rule,
    ScoreIs,
    Trend,
)
from schemas.rules.values import Values
from schemas.rules.vocabulary import (
    ATTRIBUTED,
    FIELDS,
    RELATED,
    RELATIONS,
    SEALED,
    Record,
    Sort,
    event_types,
    props_of,
)

MOST_CLAUSES = 200
DEEPEST = 20
MOST_VALUES = 1000

Lists = Callable[[str], UUID | None]
"""The id of a list that a rule names, by id or name; ``None`` if there is none."""
Scores = Callable[[str], bool]

_EMPTY = ("is_null", "not_null")
_ORDERED = ("lt", "le", "gt", "ge")
_TEXTUAL = ("contains", "starts_with")
_OPS = ("eq", "ne", *_ORDERED, "in", "between", *_TEXTUAL, *_EMPTY)
_AGES = ("older_than", "younger_than")
_RECORD_OF: Mapping[Kind, Record] = {"account": "account", "contact": "contact", "lead": "lead"}
_ALIVE = frozenset(_RECORD_OF.values())  # what does things, allows them, and is on lists


def parse_rule(
    body: Any, lists: Lists = lambda _name: None, scores: Scores = lambda _name: False
) -> Rule:
    """The rule that a JSON value says. Raises ``InvalidInput`` with a fault for every mistake."""
    reading = _Reading(lists, scores)
    rule = reading.rule(body)
    if reading.faults or rule is None:
        raise InvalidInput("The rule cannot be read.", tuple(reading.faults))
    return rule


class _Reading(Values):
    """One rule on its way; a clause that is wrong is noted and the next one read."""

    def __init__(self, lists: Lists, scores: Scores) -> None:
        super().__init__()
        self._lists = lists
        self._scores = scores
        self._clauses = 0
        self._reads: set[str] = set()

    def rule(self, body: Any) -> Rule | None:
        """The whole rule; ``None`` if something is wrong with it."""
        try:
            self.names(body, "", {"v", "member", "tz", "where"}, {"v", "member", "tz", "where"})
            if body["v"] != 1:
                self.note("/v", "The language has version 1.")
            member = self.one_of(body["member"], "/member", get_args(Kind))
            zone = self.zone(body["tz"])
            where = self._clause(body["where"], "/where", _RECORD_OF[cast(Kind, member)], 0)
        except InvalidInput as error:
            self.faults += error.faults
            return None
        return Rule(cast(Kind, member), zone, where, frozenset(self._reads))

    # Expressions

    def _clause(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        if not isinstance(body, dict):
            self.fail(at, 'An expression is an object such as {"field": ...}.')
        self._clauses += 1
        if self._clauses > MOST_CLAUSES:
            self.fail(at, f"A rule has {MOST_CLAUSES} expressions at most.")
        if depth > DEEPEST:
            self.fail(at, f"Expressions lie {DEEPEST} deep at most.")
        read = next((read for name, read in _EXPRESSIONS.items() if name in body), None)
        if read is None:
            self.fail(at, f"An expression has one of {', '.join(_EXPRESSIONS)}.")
        return read(self, body, at, of, depth)

    def _parts(self, body: Any, at: str, of: Record, depth: int) -> tuple[Clause, ...]:
        if not isinstance(body, list) or not body:
            self.fail(at, "Give a list of at least one expression.")
        return self.each(body, lambda part, i: self._clause(part, f"{at}/{i}", of, depth + 1))

    def _all(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        self.names(body, at, {"all"}, {"all"})
        return AllOf(at, self._parts(body["all"], f"{at}/all", of, depth))

    def _any(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        self.names(body, at, {"any"}, {"any"})
        return AnyOf(at, self._parts(body["any"], f"{at}/any", of, depth))

    def _not(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        self.names(body, at, {"not"}, {"not"})
        return Not(at, self._clause(body["not"], f"{at}/not", of, depth + 1))

    def _field(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        del depth
        op = self.one_of(body.get("op"), f"{at}/op", (*_OPS, *_AGES))
        self.names(body, at, {"field", "op"}, {"field", "op", "value"})
        path, sort = self._path(body["field"], f"{at}/field", of)
        if op in _AGES:
            if sort not in ("moment", "any"):
                self.fail(f"{at}/op", f"{op} takes a date or time; {path} is a {sort}.")
            text = body.get("value")
            duration = self.duration(text, f"{at}/value")
            return FieldAge(at, path, op == "older_than", duration.duration, duration.text)
        self._value(op, body, at)
        if op in _TEXTUAL and sort not in ("text", "any"):
            self.fail(f"{at}/op", f"{op} takes a text; {path} is a {sort}.")
        return FieldIs(at, path, op, body.get("value"))

    def _trend(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        del depth
        names = {"trend", "over", "op", "by", "unit"}
        self.names(body, at, names, names)
        path, sort = self._path(body["trend"], f"{at}/trend", of)
        if sort not in ("number", "money", "any"):
            self.fail(f"{at}/trend", f"A trend is of a number; {path} is a {sort}.")
        over = self.duration(body["over"], f"{at}/over")
        direction = self.one_of(body["op"], f"{at}/op", ("rising", "falling", "flat"))
        unit = self.one_of(body["unit"], f"{at}/unit", ("percent", "absolute"))
        by = self.number(body["by"], f"{at}/by")
        if by < 0:
            self.fail(f"{at}/by", "Give how much it rises or falls, zero or more.")
        return Trend(
            at, path, over.duration, over.text, cast(Any, direction), by, unit == "percent"
        )

    def _did(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        del depth
        self._alive(of, at, "did")
        self.names(body, at, {"did"}, {"did", "where", "count", "within", "verdict"})
        kind = self.text(body["did"], f"{at}/did")
        if kind not in event_types():
            self.fail(f"{at}/did", f"There is no event type {kind!r} that rules can read.")
        where = self._props(body.get("where", []), f"{at}/where", kind)
        verdict = self.one_of(body.get("verdict", "human"), f"{at}/verdict", ("human", "any"))
        self._reads.add(f"event:{kind}")
        count = self._count(body, at)
        return Did(at, kind, where, count, self._window(body, at), verdict == "human")

    def _has(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        self.names(body, at, {"has"}, {"has", "where", "count"})
        allowed = RELATIONS.get(cast(Kind, of), frozenset())
        if not allowed:
            self.fail(f"{at}/has", f"A related {of} has no related records of its own.")
        relation = cast(Relation, self.one_of(body["has"], f"{at}/has", sorted(allowed)))
        where = None
        if "where" in body:
            where = self._clause(body["where"], f"{at}/where", RELATED[relation], depth + 1)
        self._reads.add(f"relation:{relation}")
        return Has(at, relation, where, self._count(body, at))

    def _in_list(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        del depth
        self._alive(of, at, "in_list")
        self.names(body, at, {"in_list"}, {"in_list", "as_of"})
        name = self.text(body["in_list"], f"{at}/in_list")
        list_id = self._lists(name)
        if list_id is None:
            self.fail(f"{at}/in_list", f"There is no list {name!r}.")
        as_of = self.instant(body["as_of"], f"{at}/as_of") if "as_of" in body else None
        self._reads.add(f"list:{list_id}")
        return InList(at, list_id, name, as_of)

    def _consent(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        del depth
        self._alive(of, at, "consent")
        names = {"consent", "purpose", "is"}
        self.names(body, at, names, names)
        channel = self.one_of(body["consent"], f"{at}/consent", get_args(ConsentChannel))
        purpose = self.text(body["purpose"], f"{at}/purpose")
        state = self.one_of(body["is"], f"{at}/is", ("granted", "withdrawn"))
        self._reads.add("consent")
        return ConsentIs(at, channel, purpose, state == "granted")

    def _score(self, body: Any, at: str, of: Record, depth: int) -> Clause:
        del depth
        self._alive(of, at, "score")
        names = {"score", "op", "value"}
        self.names(body, at, names, names)
        score = self.text(body["score"], f"{at}/score")
        if not self._scores(score):
            self.fail(f"{at}/score", f"There is no score {score!r}.")
        op = self.one_of(body["op"], f"{at}/op", _ORDERED)
        self._reads.add(f"score:{score}")
        return ScoreIs(at, score, op, self.number(body["value"], f"{at}/value"))

    # What expressions are made of

    def _path(self, value: Any, at: str, of: Record) -> tuple[str, Sort]:
        path = self.text(value, at)
        first, _, rest = path.partition(".")
        if first in SEALED.get(of, ()):
            self.fail(at, f"{first} is sealed: rules cannot read it.")
        if first == "attributes" and rest and of in ATTRIBUTED:
            sort: Sort = "any"
        elif path in FIELDS[of]:
            sort = FIELDS[of][path]
        else:
            known = ", ".join([*FIELDS[of], *(["attributes.<name>"] if of in ATTRIBUTED else [])])
            self.fail(at, f"A related or own {of} has no field {path!r}, but {known}.")
        self._reads.add(f"field:{of}.{path}")
        return path, sort

    def _props(self, body: Any, at: str, kind: str) -> tuple[Prop, ...]:
        if not isinstance(body, list) or len(body) > 20:
            self.fail(at, "Give a list of 20 conditions at most.")
        return self.each(body, lambda one, i: self._prop(one, f"{at}/{i}", kind))

    def _prop(self, body: Any, at: str, kind: str) -> Prop:
        self.names(body, at, {"prop", "op"}, {"prop", "op", "value"})
        path = self.text(body["prop"], f"{at}/prop")
        readable = props_of(kind).get(path.partition(".")[0])
        if readable is None:
            self.fail(f"{at}/prop", f"{kind} has no {path!r}, but {', '.join(props_of(kind))}.")
        if not readable:
            self.fail(f"{at}/prop", f"{path} is sealed: rules cannot read it.")
        op = self.one_of(body["op"], f"{at}/op", _OPS)
        self._value(op, body, at)
        return Prop.model_validate({"prop": path, "op": op, "value": body.get("value")})

    def _value(self, op: str, body: dict[str, Any], at: str) -> None:
        value, here = body.get("value"), f"{at}/value"
        if op in _EMPTY:
            if "value" in body:
                self.fail(here, f"{op} takes no value.")
            return
        if "value" not in body or value is None:
            self.fail(here, f"{op} takes a value; for a missing one there is is_null.")
        if op == "in":
            if not isinstance(value, list) or not 0 < len(value) <= MOST_VALUES:
                self.fail(here, f"in takes a list of 1 to {MOST_VALUES} values.")
            self.each(value, lambda one, i: self.single(one, f"{here}/{i}"))
        elif op == "between":
            if not isinstance(value, list) or len(value) != 2:
                self.fail(here, "between takes a list of two values, the lower one first.")
            self.each(value, lambda one, i: self.single(one, f"{here}/{i}"))
        elif op in _TEXTUAL:
            self.text(value, here)
        else:
            self.single(value, here)

    def _count(self, body: dict[str, Any], at: str) -> Count:
        if "count" not in body:
            return ONCE
        here, count = f"{at}/count", body["count"]
        self.names(count, here, {"op", "n"}, {"op", "n"})
        op = self.one_of(count["op"], f"{here}/op", ("eq", *_ORDERED))
        n = count["n"]
        if not isinstance(n, int) or isinstance(n, bool) or not 0 <= n < 2**31:
            self.fail(f"{here}/n", "n is a whole number, zero or more.")
        return Count(op, n)

    def _window(self, body: dict[str, Any], at: str) -> Last | Between | None:
        if "within" not in body:
            return None
        here, window = f"{at}/within", body["within"]
        if isinstance(window, dict) and "last" in window:
            self.names(window, here, {"last"}, {"last"})
            return self.duration(window["last"], f"{here}/last")
        self.names(window, here, {"from"}, {"from", "to"})
        start = self.instant(window["from"], f"{here}/from")
        end = self.instant(window["to"], f"{here}/to") if "to" in window else None
        if end is not None and end <= start:
            self.fail(f"{here}/to", "A window ends after it begins.")
        return Between(start, end)

    def _alive(self, of: Record, at: str, name: str) -> None:
        if of not in _ALIVE:
            self.fail(f"{at}/{name}", f"{name} is said of people and companies, not of a {of}.")


_Read = Callable[[_Reading, Any, str, Record, int], Clause]
_EXPRESSIONS: Mapping[str, _Read] = {
    "all": _Reading._all,
    "any": _Reading._any,
    "not": _Reading._not,
    "field": _Reading._field,
    "did": _Reading._did,
    "has": _Reading._has,
    "trend": _Reading._trend,
    "in_list": _Reading._in_list,
    "consent": _Reading._consent,
    "score": _Reading._score,
}
