"""Facts are a set: any order, repetition, page size and order of topics gives the same tables."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.log import Record
from tests.support import campaign as c
from tests.support.world import World

pytestmark = pytest.mark.slow
MINUTE = 60_000
PEOPLE = 3


def _history(world: World, steps: list[tuple[int, int, int]]) -> list[Record]:
    """Facts about a few people: what each did, and in which minute."""
    start = world.clock() - 40 * 86_400_000
    facts: list[Record] = []
    for number in range(PEOPLE):
        facts += [c.contact(world, number), *c.sent(world, number, start)]
    for number, kind, minute in steps:
        at = start + minute * MINUTE
        facts.append(_STEPS[kind](world, number, at))
    unique = {fact.event_id: fact for fact in facts}
    return list(unique.values())


_STEPS = [
    c.opened,
    lambda w, n, at: c.opened(w, n, at, agent=c.CRAWLER, name="bot"),
    lambda w, n, at: c.opened(w, n, at, agent="Mozilla/5.0", name="proxy"),
    c.clicked,
    lambda w, n, at: c.clicked(w, n, at + 1, link=c.LINKS[1]),
    lambda w, n, at: c.clicked(w, n, at, link=c.HONEYPOT, kind="honeypot"),
    # Neither agent nor address: a weak sign, human only with a form or call soon after.
    lambda w, n, at: c.clicked(w, n, at + 2, link=c.LINKS[2], agent="", ip=""),
    c.form_seen,
    c.form_sent,
    c.called,
    lambda w, n, at: c.called(w, n, at, direction="out"),
    c.ordered,
]
STEP = st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, len(_STEPS) - 1), st.integers(0, 50))


@settings(
    max_examples=12, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    steps=st.lists(STEP, min_size=4, max_size=14), page=st.integers(1, 40),
    random=st.randoms(use_true_random=False), decisions_first=st.booleans(),
    pause=st.booleans(),
)  # fmt: skip
def test_tables_do_not_depend_on_the_way_of_the_facts(steps, page, random, decisions_first, pause):
    with (
        tempfile.TemporaryDirectory() as name,
        World(Path(name), "first") as first,
        World(Path(name), "second") as second,
    ):
        first.append(*c.planned(first), *_history(first, steps))
        first.run()

        facts = _history(second, steps)
        # Copies that the log does not recognise: their first came before the hot window.
        facts += [replace(random.choice(facts), fresh=True) for _ in range(5)]
        random.shuffle(facts)
        if decisions_first:
            second.append(*c.planned(second))
        half = len(facts) // 2
        second.append(*facts[:half])
        if pause:
            while second.turn(page):
                pass
        second.append(*facts[half:])
        if not decisions_first:
            while second.turn(page):
                pass
            second.append(*c.planned(second))
        second.run(page)

        assert second.digests() == first.digests()
        assert all(table.equal for table in second.rebuilt())
