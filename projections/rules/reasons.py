"""Why a record is a member of a list at a moment, or is not.

Each clause is given its value and the events that made it so. They are enough: a rule that knew of
no others would come to the same value (N1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from projections.rules.comparing import FALSE, TRUE, UNKNOWN, Truth
from projections.rules.history import Allowed, Done, History, Listed, Related, Tie, Ties
from projections.rules.timelines import Rules, Timelines, deciding, listed_when
from schemas.calendar import plus
from schemas.rules.explaining import say
from schemas.rules.language import (
    AllOf,
    AnyOf,
    Clause,
    ConsentIs,
    Did,
    FieldAge,
    FieldIs,
    Has,
    InList,
    Not,
    Rule,
    ScoreIs,
    Trend,
    parts_of,
)

WORDS = {FALSE: "false", UNKNOWN: "unknown", TRUE: "true"}


class Dated(Protocol):
    """Anything that holds from an instant on."""

    @property
    def at(self) -> int: ...


S = TypeVar("S", bound=Dated)


@dataclass(frozen=True, slots=True)
class Reason:
    """What a clause comes to at a moment; ``found`` is the value or count it was judged by."""

    clause: str
    says: str
    value: Truth
    events: tuple[str, ...]
    found: Any = None
    parts: tuple[Reason, ...] = ()

    def all_events(self) -> frozenset[str]:
        """The events of this clause and all its parts."""
        return frozenset(self.events).union(*(part.all_events() for part in self.parts))


@dataclass(frozen=True, slots=True)
class _Evidence:
    events: Iterable[str] = ()
    found: Any = None
    parts: tuple[Reason, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Reasons:
    """Gives reasons for the clauses of one rule, at one moment."""

    timelines: Timelines
    rules: Rules
    moment: int

    def of(self, clause: Clause, history: History) -> Reason:
        """Why a clause has its value."""
        value = self.timelines.truth(clause, history).at(self.moment)
        evidence = _EVIDENCE[type(clause)](self, clause, history)
        events = tuple(sorted(set(evidence.events)))
        return Reason(clause.at, say(clause), value, events, evidence.found, evidence.parts)

    def _parts(self, clause: Clause, history: History) -> _Evidence:
        return _Evidence(parts=tuple(self.of(part, history) for part in parts_of(clause)))

    def _field(self, clause: FieldIs | FieldAge, history: History) -> _Evidence:
        return self._last(history.said.get(clause.path, ()))

    def _score(self, clause: ScoreIs, history: History) -> _Evidence:
        return self._last(history.scored.get(clause.score, ()))

    def _last(self, said: Sequence[Any]) -> _Evidence:
        newest = self._newest(said)
        return _Evidence() if newest is None else _Evidence((newest.event,), newest.value)

    def _trend(self, clause: Trend, history: History) -> _Evidence:
        said = history.said.get(clause.path, ())
        zone = self.timelines.zone
        old = [one for one in said if plus(one.at, clause.over, zone) <= self.moment]
        pair = [one for one in (self._newest(said), old[-1] if old else None) if one is not None]
        return _Evidence((one.event for one in pair), [one.value for one in reversed(pair)])

    def _did(self, clause: Did, history: History) -> _Evidence:
        done = [one for one in history.done.get(clause.type, ()) if one.at <= self.moment]
        counted = [one for one in done if self._counts(clause, one)]
        # What does not count is not cited, but for its verdict: another clause may cite it.
        verdicts = [v.event for one in done for v in one.verdicts if v.at <= self.moment]
        events = (*(one.event for one in counted), *verdicts, *self._ties(done))
        return _Evidence(events, len(counted))

    def _counts(self, clause: Did, done: Done) -> bool:
        return any(
            since <= self.moment and (until is None or self.moment < until)
            for since, until in self.timelines.spans(clause, done)
        )

    def _has(self, clause: Has, history: History) -> _Evidence:
        related = history.related.get(clause.relation, ())
        counted = sum(self.timelines.belongs(clause, one).at(self.moment) for one in related)
        return _Evidence([event for one in related for event in self._tied(clause, one)], counted)

    def _tied(self, clause: Has, one: Related) -> Iterable[str]:
        """Also why one does not count: another clause may cite that it belongs here."""
        tie = self._newest(one.ties)
        if tie is None:
            return
        yield tie.event
        if not tie.holds:
            return
        if one.history.begins is not None:
            yield one.history.begins.event
        yield from _events(self._newest(one.history.gone))
        if clause.where is not None:
            yield from self.of(clause.where, one.history).all_events()

    def _in_list(self, clause: InList, history: History) -> _Evidence:
        moment = self.moment if clause.as_of is None else clause.as_of
        rule = self.rules.get(clause.list_id)
        if rule is not None:
            return _Evidence(self._follows(rule, history, moment))
        listed = history.listed.get(str(clause.list_id), ())
        records: dict[tuple[str, Ties | None], list[Listed]] = {}
        for one in listed:
            records.setdefault((one.record, one.ties), []).append(one)
        last = [new for some in records.values() if (new := _newest(some, moment)) is not None]
        if not last:
            return _Evidence()
        events = (*(one.event for one in last), *self._ties(last, moment))
        return _Evidence(events, listed_when(listed).at(moment))

    def _follows(self, rule: Rule, history: History, moment: int) -> Iterable[str]:
        """The events by which a record is on a dynamic list, or another one of the same person."""
        if history.kind in ("", rule.member):
            yield from why(rule, history, self.rules, moment).all_events()
        for one in history.kin:
            if one.history.kind in ("", rule.member):
                tie = _newest(one.ties, moment)
                yield from _events(tie)
                if tie is not None and tie.holds:
                    yield from why(rule, one.history, self.rules, moment).all_events()

    def _consent(self, clause: ConsentIs, history: History) -> _Evidence:
        ledgers: dict[tuple[str, Ties | None], list[Allowed]] = {}
        for one in history.allowed:
            if one.channel in (clause.channel, "all") and one.purpose == clause.purpose:
                ledgers.setdefault((one.record, one.ties), []).append(one)
        last = [
            entries[-1]
            for ledger in ledgers.values()
            if (entries := [one for at, one in deciding(ledger) if at <= self.moment])
        ]
        return _Evidence((*(one.event for one in last), *self._ties(last)))

    def _ties(
        self, ones: Iterable[Done | Allowed | Listed], moment: int | None = None
    ) -> Iterable[str]:
        """Since when what others did is this person's, or that it is no longer."""
        at = self.moment if moment is None else moment
        for one in ones:
            yield from _events(_newest(one.ties or (), at))

    def _newest(self, ones: Sequence[S]) -> S | None:
        return _newest(ones, self.moment)


_EVIDENCE: Mapping[type[Clause], Callable[[Reasons, Any, History], _Evidence]] = {
    AllOf: Reasons._parts,
    AnyOf: Reasons._parts,
    Not: Reasons._parts,
    FieldIs: Reasons._field,
    FieldAge: Reasons._field,
    Trend: Reasons._trend,
    Did: Reasons._did,
    Has: Reasons._has,
    InList: Reasons._in_list,
    ConsentIs: Reasons._consent,
    ScoreIs: Reasons._score,
}


def why(rule: Rule, history: History, rules: Rules, moment: int) -> Reason:
    """Why a record is a member at a moment, or is not: the whole rule, from its root."""
    reasons = Reasons(Timelines(rule.zone, rules), rules, moment)
    reason = reasons.of(rule.where, history)
    begins = () if history.begins is None else (history.begins.event,)
    events = tuple(sorted({*reason.events, *begins, *_events(_newest(history.gone, moment))}))
    return Reason(reason.clause, reason.says, reason.value, events, reason.found, reason.parts)


def _events(tie: Tie | None) -> tuple[str, ...]:
    return () if tie is None else (tie.event,)


def _newest(ones: Sequence[S], moment: int) -> S | None:
    """The last of what was said up to a moment."""
    known = [one for one in ones if one.at <= moment]
    return known[-1] if known else None
