"""Spans of membership, each with the event and the clause that began it and that ended it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from projections.folds.members.document import Interval
from projections.folds.members.rules import InForce
from projections.rules.history import History
from projections.rules.reasons import Reasons
from projections.rules.steps import Steps
from projections.rules.timelines import Timelines
from schemas.ids import named_id
from schemas.rules.language import Clause, parts_of

IDENTITY_CLAUSE = "identity"
"""In the place of a clause: another record stands for this one from then on, or no longer."""


def intervals_of(
    when: Steps[bool], lists: InForce, list_id: UUID, history: History,
    times: Mapping[str, int], until: int,
) -> list[Interval]:  # fmt: skip
    """``when`` it is a member, until an instant; ``times`` are those of events that a cause can be
    among.
    """
    causes = _Causes(lists, list_id, history, times)
    intervals: list[Interval] = []
    for at, is_on in when:
        if at > until or not (is_on or intervals):
            continue
        cause, clause = causes.of(at)
        if is_on:
            intervals.append(Interval(since=at, cause=cause, clause=clause))
        else:
            ended = {"until": at, "until_cause": cause, "until_clause": clause}
            intervals[-1] = intervals[-1].model_copy(update=ended)
    return intervals


class _Causes:
    """Finds what turned a rule, at instants at which it turned."""

    def __init__(
        self, lists: InForce, list_id: UUID, history: History, times: Mapping[str, int]
    ) -> None:
        rule = lists.rules[list_id]
        self._lists = lists
        self._list_id = list_id
        self._history = history
        self._times = times
        self._timelines = Timelines(rule.zone, lists.rules)
        self._leaves = [
            (leaf, self._timelines.truth(leaf, history)) for leaf in _leaves(rule.where)
        ]

    def of(self, at: int) -> tuple[str, str]:
        """The first clause that turned at an instant, and the event of that instant behind it.

        Where no event did it a window ended: then the cause is the timer, under the name it would
        have.
        """
        gone = [tie.event for tie in self._history.gone if tie.at == at]
        if gone:
            return gone[-1], IDENTITY_CLAUSE
        turned = [leaf for leaf, truth in self._leaves if truth.at(at) != truth.at(at - 1)]
        reasons = Reasons(self._timelines, self._lists.rules, at)
        for leaf in turned:
            cited = reasons.of(leaf, self._history).events
            events = sorted(event for event in cited if self._times.get(event) == at)
            if events:
                return events[0], leaf.at
        begins = self._history.begins
        if begins is not None and begins.at == at:
            return begins.event, ""
        version = self._lists.versions[self._list_id].version
        timer = named_id("timer", str(self._list_id), version, self._history.id, at)
        return str(timer), turned[0].at if turned else ""


def _leaves(clause: Clause) -> Iterator[Clause]:
    parts = parts_of(clause)
    if not parts:
        yield clause
    for part in parts:
        yield from _leaves(part)
