"""The smallest change that would make a member of somebody who is none, or the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from projections.rules.comparing import FALSE, TRUE, UNKNOWN, Truth
from projections.rules.history import History
from projections.rules.timelines import Rules, Timelines
from schemas.rules.explaining import say
from schemas.rules.language import (
    AllOf,
    AnyOf,
    Clause,
    Count,
    Did,
    Has,
    Not,
    Rule,
)

_YES = frozenset((TRUE,))
_NOT_YES = frozenset((FALSE, UNKNOWN))
Wanted = frozenset[Truth]
"""Values that would do: always those from one on upwards, or up to one."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One clause that has to turn, and what that takes; ``cost`` counts events or values."""

    clause: str
    needed: str
    cost: int


def smallest_change(rule: Rule, history: History, rules: Rules, moment: int) -> tuple[Flip, ...]:
    """The clauses that would have to turn at a moment, so few and by so little as possible."""
    flipping = _Flipping(Timelines(rule.zone, rules), history, moment)
    wanted = _NOT_YES if flipping.value(rule.where) == TRUE else _YES
    return flipping.to(rule.where, wanted)


def nearest(count: Count, now: int, *, holds: bool) -> int:
    """The number of events nearest to how many there are for which a count holds, or does not.

    What can never be, fewer than none, is given as the next number all the same.
    """
    for distance in range(max(count.n, now) + 2):
        for number in (now + distance, now - distance):
            if number >= 0 and count.holds(number) == holds:
                return number
    return now + 1


class _Flipping:
    """Looks for the cheapest way, clause by clause."""

    def __init__(self, timelines: Timelines, history: History, moment: int) -> None:
        self._timelines = timelines
        self._history = history
        self._moment = moment

    def value(self, clause: Clause) -> Truth:
        return self._timelines.truth(clause, self._history).at(self._moment)

    def to(self, clause: Clause, wanted: Wanted) -> tuple[Flip, ...]:
        """What has to turn so that a clause has one of the wanted values."""
        if self.value(clause) in wanted:
            return ()
        match clause:
            case Not(part=part):
                return self.to(part, frozenset(TRUE - value for value in wanted))
            case AllOf(parts=parts):
                return self._joined(parts, wanted, every=TRUE in wanted)
            case AnyOf(parts=parts):
                return self._joined(parts, wanted, every=FALSE in wanted)
        return (self._leaf(clause, TRUE in wanted),)

    def _joined(
        self, parts: tuple[Clause, ...], wanted: Wanted, *, every: bool
    ) -> tuple[Flip, ...]:
        """All parts have to turn, or the one for which that takes least."""
        ways = [self.to(part, wanted) for part in parts]
        if every:
            return tuple(flip for way in ways for flip in way)
        return min(ways, key=lambda way: sum(flip.cost for flip in way))

    def _leaf(self, clause: Clause, holds: bool) -> Flip:
        match clause:
            case Did(count=count, type=name):
                now = self._timelines.count(clause, self._history).at(self._moment)
                return self._counted(clause, count, now, name, holds=holds)
            case Has(count=count, relation=name):
                now = self._timelines.related(clause, self._history).at(self._moment)
                return self._counted(clause, count, now, name, holds=holds)
        return Flip(clause.at, say(clause) if holds else f"not: {say(clause)}", 1)

    def _counted(self, clause: Clause, count: Count, now: int, name: str, *, holds: bool) -> Flip:
        difference = nearest(count, now, holds=holds) - now
        more = "more" if difference > 0 else "fewer"
        needed = f"{abs(difference)} {more} of {name}: there are {now} that count"
        return Flip(clause.at, needed, abs(difference))
