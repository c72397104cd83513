"""The smallest change: it is enough, and nothing smaller is."""

from __future__ import annotations

from itertools import product

import pytest

from projections.rules.comparing import FALSE, TRUE, UNKNOWN
from projections.rules.flips import nearest, smallest_change
from projections.rules.history import History
from projections.rules.timelines import Timelines
from schemas.rules.language import AllOf, AnyOf, Clause, Count, Did, Has, Not, parts_of
from schemas.rules.parsing import parse_rule
from tests.projections.rules.test_examples import at as moment_of
from tests.projections.rules.test_examples import done
from tests.support.random_rules import DYNAMIC, Chance

CASES = 2000


def leaves(clause: Clause) -> list[Clause]:
    inner = parts_of(clause)
    return [leaf for part in inner for leaf in leaves(part)] if inner else [clause]


def joined(clause: Clause, values: dict[str, int]) -> int:
    match clause:
        case AllOf(parts=parts):
            return min(joined(part, values) for part in parts)
        case AnyOf(parts=parts):
            return max(joined(part, values) for part in parts)
        case Not(part=part):
            return TRUE - joined(part, values)
    return values[clause.at]


class Prices:
    """What it costs that the clauses of a rule have other values at a moment."""

    def __init__(self, timelines: Timelines, history: History, at: int) -> None:
        self._timelines = timelines
        self._history = history
        self._at = at

    def now(self, leaf: Clause) -> int:
        return self._timelines.truth(leaf, self._history).at(self._at)

    def of(self, leaf: Clause, value: int) -> int:
        if value == self.now(leaf):
            return 0
        if not isinstance(leaf, Did | Has):
            return 1
        if value == UNKNOWN:
            return 10**6
        count = self._timelines.count if isinstance(leaf, Did) else self._timelines.related
        number = count(leaf, self._history).at(self._at)
        return abs(nearest(leaf.count, number, holds=value == TRUE) - number)


def test_no_cheaper_change_would_do() -> None:
    tried = 0
    for seed in range(CASES):
        chance = Chance(seed)
        rule, lists = chance.rule(), {DYNAMIC: chance.rule_without_lists()}
        history, at = chance.history(), chance.instant()
        ends = leaves(rule.where)
        if len(ends) > 5:
            continue
        prices = Prices(Timelines(rule.zone, lists), history, at)
        was = joined(rule.where, {leaf.at: prices.now(leaf) for leaf in ends}) == TRUE
        cheapest = min(
            sum(prices.of(leaf, value) for leaf, value in zip(ends, values, strict=True))
            for values in product((FALSE, UNKNOWN, TRUE), repeat=len(ends))
            if (joined(rule.where, {e.at: v for e, v in zip(ends, values, strict=True)}) == TRUE)
            != was
        )
        flips = smallest_change(rule, history, lists, at)
        assert sum(flip.cost for flip in flips) == cheapest, seed
        assert flips, seed
        tried += 1
    assert tried > CASES / 2


@pytest.mark.parametrize(
    ("op", "n", "now", "holds", "number"),
    [
        ("ge", 3, 1, True, 3), ("ge", 3, 5, False, 2), ("eq", 0, 2, True, 0),
        ("eq", 2, 2, False, 3), ("lt", 2, 4, True, 1), ("le", 0, 0, False, 1),
        ("gt", 0, 0, True, 1),
    ],
)  # fmt: skip
def test_the_nearest_number(op: str, n: int, now: int, holds: bool, number: int) -> None:
    assert nearest(Count(op, n), now, holds=holds) == number


def test_what_is_needed_is_said() -> None:
    rule = parse_rule({"v": 1, "member": "contact", "tz": "UTC", "where": {"all": [
        {"field": "city", "op": "eq", "value": "Gdynia"},
        {"did": "email.clicked", "count": {"op": "ge", "n": 3}},
    ]}})  # fmt: skip
    person = History("p", done={"email.clicked": done("2026-05-01T10:00:00Z")})
    flips = smallest_change(rule, person, {}, moment_of("2026-06-01T00:00:00Z"))
    assert [(flip.clause, flip.needed) for flip in flips] == [
        ("/where/all/0", "city is 'Gdynia'"),
        ("/where/all/1", "2 more of email.clicked: there are 1 that count"),
    ]
