"""Facts that were met are remembered, the newest of them, and never for another's place."""

from __future__ import annotations

from dataclasses import replace

from events.cursor import Cursor
from projections.folds.fold import Known
from projections.folds.met import Met
from projections.page import read_page
from tests.support import campaign as c
from tests.support.world import World


def _facts(world: World, count: int) -> list[Known]:
    world.append(*(c.contact(world, number) for number in range(count)))
    return [Known(event) for event in read_page(world.log, Cursor(), 100).events]


def test_met_forgets_the_oldest_first(world):
    old, middle, new = _facts(world, 3)
    met = Met(most_bytes=2 * (len(new.event.data) + 2500) + 10)
    for known in (old, middle, new):
        met.add(known)
    assert len(met) == 3  # a page may need all of its facts
    met.forget()
    assert [met.get(known.id) for known in (old, middle, new)] == [None, middle, new]


def test_met_counts_a_fact_once_that_is_met_twice(world):
    (fact,) = _facts(world, 1)
    again = Known(replace(fact.event))
    met = Met(most_bytes=len(fact.event.data) + 2500)
    met.add(fact)
    met.add(again)
    met.forget()
    assert met.get(fact.id) is again
