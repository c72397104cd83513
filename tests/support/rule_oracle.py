"""What a rule comes to at one moment, asked the plain way: clause by clause, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from projections.rules.comparing import FALSE, TRUE, UNKNOWN, compare
from projections.rules.history import Allowed, Done, History, Ties
from schemas.calendar import plus
from schemas.instants import parse_instant
from schemas.rules.language import (
    AllOf,
    AnyOf,
    Between,
    Clause,
    ConsentIs,
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


def is_member(rule: Rule, history: History, rules: Mapping[UUID, Rule], at: int) -> bool:
    """Whether a record is a member at a moment."""
    if history.begins is not None and history.begins.at > at:
        return False
    if is_tied(history.gone, at):
        return False
    return Oracle(rule.zone, rules, at).value(rule.where, history) == TRUE


def is_tied(ties: Ties | None, at: int) -> bool:
    """Whether something belongs here; what has no ties at all does."""
    holds = [tie.holds for tie in ties or () if tie.at <= at]
    return ties is None or (bool(holds) and holds[-1])


class Oracle:
    """Answers for one moment."""

    def __init__(self, zone: ZoneInfo, rules: Mapping[UUID, Rule], at: int) -> None:
        self._zone = zone
        self._rules = rules
        self._at = at

    def value(self, clause: Clause, history: History) -> int:  # noqa: C901, PLR0911 - one case each
        match clause:
            case AllOf(parts=parts):
                return min(self.value(part, history) for part in parts)
            case AnyOf(parts=parts):
                return max(self.value(part, history) for part in parts)
            case Not(part=part):
                return {TRUE: FALSE, UNKNOWN: UNKNOWN, FALSE: TRUE}[self.value(part, history)]
            case FieldIs():
                return compare(self.field(history, clause.path), clause.op, clause.value)
            case FieldAge():
                return self.age(clause, history)
            case Trend():
                return self.trend(clause, history)
            case Did():
                done = history.done.get(clause.type, ())
                return self.yes(clause.count.holds(sum(self.counts(clause, one) for one in done)))
            case Has():
                return self.yes(clause.count.holds(self.related(clause, history)))
            case InList():
                return self.in_list(clause, history)
            case ConsentIs():
                return self.consent(clause, history)
            case ScoreIs():
                scored = [s for s in history.scored.get(clause.score, ()) if s.at <= self._at]
                return compare(scored[-1].value if scored else 0, clause.op, clause.value)
        raise AssertionError(clause)

    def yes(self, holds: bool) -> int:
        return TRUE if holds else FALSE

    def field(self, history: History, path: str) -> Any:
        known = [one for one in history.said.get(path, ()) if one.at <= self._at]
        return known[-1].value if known else None

    def age(self, clause: FieldAge, history: History) -> int:
        value = self.field(history, clause.path)
        try:
            moment = parse_instant(value)
        except (TypeError, ValueError):
            return UNKNOWN
        is_over = self._at >= plus(moment, clause.duration, self._zone)
        return self.yes(is_over == clause.is_older)

    def trend(self, clause: Trend, history: History) -> int:
        said = history.said.get(clause.path, ())
        new = [s.value for s in said if s.at <= self._at]
        old = [s.value for s in said if plus(s.at, clause.over, self._zone) <= self._at]
        if not new or not old or not is_number(new[-1]) or not is_number(old[-1]):
            return UNKNOWN
        now, then = Decimal(str(new[-1])), Decimal(str(old[-1]))
        if clause.is_percent and then <= 0:
            return UNKNOWN
        by = then * clause.by / 100 if clause.is_percent else clause.by
        rose, fell = now - then >= by, then - now >= by
        wanted = {"rising": rose, "falling": fell, "flat": not rose and not fell}
        return self.yes(wanted[clause.direction])

    def counts(self, clause: Did, done: Done) -> bool:
        if done.at > self._at or not is_tied(done.ties, self._at):
            return False
        match clause.within:
            case Last(duration=duration):
                inside = self._at < plus(done.at, duration, self._zone)
            case Between(start=start, end=end):
                inside = start <= done.at and (end is None or done.at < end)
            case _:
                inside = True
        if clause.human:
            said = [v.human for v in done.verdicts if v.at <= self._at]
            inside = inside and (said[-1] if said else not done.judged)
        return inside and all(
            compare(done.props.get(p.prop), p.op, p.value) == TRUE for p in clause.where
        )

    def related(self, clause: Has, history: History) -> int:
        count = 0
        for one in history.related.get(clause.relation, ()):
            begun = one.history.begins is None or one.history.begins.at <= self._at
            exists = begun and not is_tied(one.history.gone, self._at)
            if is_tied(one.ties, self._at) and exists:
                where = clause.where
                count += where is None or self.value(where, one.history) == TRUE
        return count

    def in_list(self, clause: InList, history: History) -> int:
        at = self._at if clause.as_of is None else clause.as_of
        rule = self._rules.get(clause.list_id)
        if rule is not None:
            same = [one.history for one in history.kin if is_tied(one.ties, at)]
            return self.yes(any(
                is_member(rule, one, self._rules, at) for one in (history, *same)
                if one.kind in ("", rule.member)
            ))  # fmt: skip
        listed = {
            one.record: one.member
            for one in history.listed.get(str(clause.list_id), ())
            if one.at <= at and is_tied(one.ties, at)
        }
        return self.yes(any(listed.values()))

    def consent(self, clause: ConsentIs, history: History) -> int:
        ledgers: dict[str, list[Allowed]] = {}
        for one in history.allowed:
            is_mine = one.channel in (clause.channel, "all") and one.purpose == clause.purpose
            if one.at <= self._at and is_mine and is_tied(one.ties, self._at):
                ledgers.setdefault(one.record, []).append(one)
        says = [self.ledger(entries) for entries in ledgers.values()]
        return self.yes(bool(says) and all(says) == clause.granted)

    def ledger(self, entries: list[Allowed]) -> bool:
        """The last by data time; where only the day is known, or times are equal, a withdrawal."""
        newest = max(entries, key=lambda one: (one.at, not one.granted))
        if not newest.granted:
            return False
        day = [one for one in entries if one.at // 86_400_000 == newest.at // 86_400_000]
        withdrawn = [one for one in day if not one.granted]
        return not any(one.is_day or newest.is_day for one in withdrawn)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
