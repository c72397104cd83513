"""The value of every clause at every moment.

An event at e is inside a window of length w from e until e + w: it leaves at exactly that instant.
Only addition is used, so month ends and clock changes leave no doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from projections.predicates import at_path
from projections.rules.comparing import (
    FALSE,
    TRUE,
    UNKNOWN,
    Truth,
    compare,
    moment_of,
    number_of,
    opposite,
    truth_of,
)
from projections.rules.history import (
    Allowed,
    Done,
    History,
    Listed,
    Related,
    Ties,
    tied_when,
)
from projections.rules.steps import EVER, Steps, joined
from schemas.calendar import plus
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

Rules = Mapping[UUID, Rule]
"""The dynamic lists that rules may read, by id."""


@dataclass(frozen=True, slots=True)
class Timelines:
    """Works clauses out for a rule: durations are added in its time zone."""

    zone: ZoneInfo
    rules: Rules

    def truth(self, clause: Clause, history: History) -> Steps[Truth]:
        """When a clause is true, false or unknown for a record."""
        known = history.truths.get(id(clause))
        if known is None or known[0] is not clause:
            known = clause, _WORK[type(clause)](self, clause, history)
            history.truths[id(clause)] = known
        return known[1]

    # What is joined

    def _all(self, clause: AllOf, history: History) -> Steps[Truth]:
        return self._joined(min, FALSE, clause.parts, history)

    def _any(self, clause: AnyOf, history: History) -> Steps[Truth]:
        return self._joined(max, TRUE, clause.parts, history)

    def _joined(
        self, change: Callable[[Sequence[Truth]], Truth], decides: Truth, parts: Sequence[Clause],
        history: History,
    ) -> Steps[Truth]:  # fmt: skip
        """What parts come to; where one of them decides at all times, the rest need no work."""
        truths = []
        for part in parts:
            truth = self.truth(part, history)
            if len(truth.values) == 1 and truth.values[0] == decides:
                return truth
            truths.append(truth)
        return joined(change, truths)

    def _not(self, clause: Not, history: History) -> Steps[Truth]:
        return self.truth(clause.part, history).map(opposite)

    # Fields

    def _is(self, clause: FieldIs, history: History) -> Steps[Truth]:
        values = history.values(clause.path)
        return values.map(lambda value: compare(value, clause.op, clause.value))

    def _age(self, clause: FieldAge, history: History) -> Steps[Truth]:
        before, after = (FALSE, TRUE) if clause.is_older else (TRUE, FALSE)
        changes: list[tuple[int, Truth]] = []
        values = list(history.values(clause.path))
        for index, (since, value) in enumerate(values):
            until = values[index + 1][0] if index + 1 < len(values) else None
            moment = moment_of(value) if isinstance(value, str) else None
            if moment is None:
                changes.append((since, UNKNOWN))
                continue
            turns = plus(moment, clause.duration, self.zone)
            changes.append((since, after if turns <= since else before))
            if since < turns and (until is None or turns < until):
                changes.append((turns, after))
        return Steps.of(UNKNOWN, changes)

    def _trend(self, clause: Trend, history: History) -> Steps[Truth]:
        said = history.said.get(clause.path, ())
        new = Steps.of(None, ((one.at, number_of(one.value)) for one in said))
        # Adding months is not monotonic: of all that are old enough the newest counts.
        old: Steps[Any] = joined(
            _newest,
            [Steps.always(None), *(
                Steps.of(None, [(plus(one.at, clause.over, self.zone), (index, one.value))])
                for index, one in enumerate(said)
            )],
        )  # fmt: skip
        return joined(lambda pair: _development(clause, *pair), [new, old])

    # What happened, and what belongs to the record

    def _did(self, clause: Did, history: History) -> Steps[Truth]:
        return self.count(clause, history).map(lambda n: truth_of(clause.count.holds(n)))

    def _has(self, clause: Has, history: History) -> Steps[Truth]:
        return self.related(clause, history).map(lambda n: truth_of(clause.count.holds(n)))

    def count(self, clause: Did, history: History) -> Steps[int]:
        """How many events count, at every moment."""
        changes: list[tuple[int, int]] = []
        for done in history.done.get(clause.type, ()):
            for since, until in self.spans(clause, done):
                changes.append((since, 1))
                if until is not None:
                    changes.append((until, -1))
        return Steps.sums(changes)

    def spans(self, clause: Did, done: Done) -> list[tuple[int, int | None]]:
        """When an event counts: from an instant, and until another."""
        if any(compare(at_path(done.props, p.prop), p.op, p.value) != TRUE for p in clause.where):
            return []
        until: int | None = None
        match clause.within:
            case Last(duration=duration):
                until = plus(done.at, duration, self.zone)
            case Between(start=start, end=end):
                if done.at < start or (end is not None and done.at >= end):
                    return []
        human = human_when(done) if clause.human else Steps.always(True)
        if done.ties is not None:
            human = joined(all, [human, tied_when(done.ties)])
        spans: list[tuple[int, int | None]] = []
        for index, (since, counts) in enumerate(human):
            ends = human.starts[index + 1] if index + 1 < len(human.starts) else None
            first = max(since, done.at)
            last = min((end for end in (ends, until) if end is not None), default=None)
            if counts and (last is None or first < last):
                spans.append((first, last))
        return spans

    def related(self, clause: Has, history: History) -> Steps[int]:
        """How many related records count, at every moment."""
        changes: list[tuple[int, int]] = []
        for one in history.related.get(clause.relation, ()):
            before = 0
            for at, counts in self.belongs(clause, one):
                changes.append((at, counts - before))
                before = counts
        return Steps.sums(changes)

    def belongs(self, clause: Has, one: Related) -> Steps[int]:
        """1 while a related record belongs here and its condition is true."""
        parts: list[Steps[Any]] = [tied_when(one.ties), one.history.exists()]
        if clause.where is not None:
            parts.append(self.truth(clause.where, one.history).map(_is_true))
        return joined(lambda holds: int(all(holds)), parts)

    def _in_list(self, clause: InList, history: History) -> Steps[Truth]:
        rule = self.rules.get(clause.list_id)
        if rule is not None:
            member = self._follows(rule, history)
        else:
            member = listed_when(history.listed.get(str(clause.list_id), ()))
        truth = member.map(truth_of)
        return truth if clause.as_of is None else Steps.always(truth.at(clause.as_of))

    def _follows(self, rule: Rule, history: History) -> Steps[bool]:
        """When a record is on a dynamic list, or another one that is the same person."""
        members = [Steps.always(False)]
        if history.kind in ("", rule.member):
            members.append(member_when(rule, history, self.rules))
        for one in history.kin:
            if one.history.kind in ("", rule.member):
                theirs = member_when(rule, one.history, self.rules)
                members.append(joined(all, [theirs, tied_when(one.ties)]))
        return joined(any, members)

    def _consent(self, clause: ConsentIs, history: History) -> Steps[Truth]:
        return consent(clause, history.allowed)

    def _score(self, clause: ScoreIs, history: History) -> Steps[Truth]:
        said = history.scored.get(clause.score, ())
        points: Steps[Any] = Steps.of(0, ((one.at, one.value) for one in said))
        return points.map(lambda value: compare(value, clause.op, clause.value))


_WORK: Mapping[type[Clause], Callable[[Timelines, Any, History], Steps[Truth]]] = {
    AllOf: Timelines._all,
    AnyOf: Timelines._any,
    Not: Timelines._not,
    FieldIs: Timelines._is,
    FieldAge: Timelines._age,
    Trend: Timelines._trend,
    Did: Timelines._did,
    Has: Timelines._has,
    InList: Timelines._in_list,
    ConsentIs: Timelines._consent,
    ScoreIs: Timelines._score,
}


def member_when(rule: Rule, history: History, rules: Rules) -> Steps[bool]:
    """When a record is a member of a list."""
    truth = Timelines(rule.zone, rules).truth(rule.where, history).map(_is_true)
    return joined(all, [history.exists(), truth]) if any(truth.values) else truth


def human_when(done: Done) -> Steps[bool]:
    """When an event was taken for a human's."""
    return Steps.of(not done.judged, ((v.at, v.human) for v in done.verdicts))


def consent(clause: ConsentIs, entries: Sequence[Allowed]) -> Steps[Truth]:
    """What the ledgers of all records of a person say: the strictest counts."""
    mine = [
        one for one in entries
        if one.channel in (clause.channel, "all") and one.purpose == clause.purpose
    ]  # fmt: skip
    if not mine:
        return Steps.always(FALSE)
    ledgers: dict[tuple[str, Ties | None], list[Allowed]] = {}
    for one in mine:
        ledgers.setdefault((one.record, one.ties), []).append(one)
    says = joined(_strictest, [_ledger(some, ties) for (_, ties), some in ledgers.items()])
    return says.map(lambda said: truth_of(said is clause.granted))


def listed_when(steps: Sequence[Listed]) -> Steps[bool]:
    """When a record is on a static list, or another one that is the same person."""
    records: dict[tuple[str, Ties | None], list[Listed]] = {}
    for one in steps:
        records.setdefault((one.record, one.ties), []).append(one)
    members = [
        joined(all, [Steps.of(False, ((one.at, one.member) for one in some)), tied_when(ties)])
        for (_, ties), some in records.items()
    ]
    return joined(any, [Steps.always(False), *members])


def deciding(entries: Sequence[Allowed]) -> list[tuple[int, Allowed]]:
    """From which instant on which entry of one record counts.

    At equal times a withdrawal counts; and one that is known by its day alone counts against
    whatever else that day has.
    """
    found: list[tuple[int, Allowed]] = []
    withdrawals: list[Allowed] = []
    for one in sorted(entries, key=lambda e: (e.at, not e.granted, e.event)):
        if not one.granted:
            withdrawals.append(one)
        elif any(_is_that_day(withdrawal, one) for withdrawal in withdrawals):
            continue
        found.append((one.at, one))
    return found


_DAY = 86_400_000


def _is_that_day(withdrawal: Allowed, grant: Allowed) -> bool:
    is_vague = withdrawal.is_day or grant.is_day
    return is_vague and withdrawal.at // _DAY == grant.at // _DAY


def _ledger(entries: Sequence[Allowed], ties: Ties | None) -> Steps[bool | None]:
    says: Steps[Any] = Steps.of(None, ((at, one.granted) for at, one in deciding(entries)))
    if ties is None:
        return says
    return joined(lambda pair: pair[0] if pair[1] else None, [says, tied_when(ties)])


def _strictest(says: Sequence[bool | None]) -> bool | None:
    said = [one for one in says if one is not None]
    return all(said) if said else None


def _is_true(value: Truth) -> bool:
    return value == TRUE


def _newest(values: Sequence[Any]) -> Any:
    return max((value for value in values if value is not None), default=(EVER, None))[1]


def _development(clause: Trend, new: Any, said: Any) -> Truth:
    old = number_of(said)
    if new is None or old is None or (clause.is_percent and old <= 0):
        return UNKNOWN
    by = old * clause.by / 100 if clause.is_percent else clause.by
    rising, falling = new >= old + by, new <= old - by
    match clause.direction:
        case "rising":
            return truth_of(rising)
        case "falling":
            return truth_of(falling)
    return truth_of(not rising and not falling)
