"""Facts are a set: any order, repetition, page size and order of topics gives the same tables."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.log import Record
from schemas.catalogue import Topic
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.slow
MINUTE = 60_000
PEOPLE = 3
WORKSPACES = (WORKSPACE, "other")
EXAMPLES = int(os.environ.get("ANSWERBACK_TEST_EXAMPLES", "6"))
Steps = list[tuple[int, int, int, int]]


def _planned(world: World) -> list[Record]:
    """The decisions that set up the campaign of both workspaces."""
    records: list[Record] = []
    for workspace in WORKSPACES:
        world.workspace = workspace
        records += h.planned(world)
    world.workspace = WORKSPACE
    return records


def _rules(world: World) -> None:
    for workspace in WORKSPACES:
        world.workspace = workspace
        world.append(*h.prepared_world(world))
    world.workspace = WORKSPACE
    world.clock.advance(10_000)  # rules take effect later than they are published


def _history(world: World, steps: Steps) -> list[Record]:
    """Events of a few people in two workspaces: what each did, and in which minute."""
    start = world.clock() - 40 * 86_400_000
    records: list[Record] = []
    for workspace in WORKSPACES:
        world.workspace = workspace
        for number in range(PEOPLE):
            records += [c.contact(world, number), *c.sent(world, number, start)]
    for workspace, number, kind, minute in steps:
        world.workspace = WORKSPACES[workspace]
        records += h.HAPPENINGS[kind](world, number, start + minute * MINUTE)
    world.workspace = WORKSPACE
    return list({record.event_id: record for record in records}.values())


def _shuffled(records: list[Record], random: Random) -> list[Record]:
    """The records in any order, some twice; decisions of a person stay in their order."""
    facts = [record for record in records if record.topic is Topic.FACTS]
    # Copies that the log does not recognize: their first came before the hot window.
    facts += [random.choice(facts)._replace(fresh=True) for _ in range(5)]
    decisions = [record for record in records if record.topic is Topic.DECISIONS]
    random.shuffle(facts)
    places = sorted(random.choices(range(len(facts) + 1), k=len(decisions)), reverse=True)
    for place, decision in zip(places, reversed(decisions), strict=True):
        facts.insert(place, decision)
    return facts


def _drain(world: World, page: int) -> None:
    while world.turn(page):
        pass


STEP = st.tuples(
    st.integers(0, 1), st.integers(0, PEOPLE - 1), st.integers(0, len(h.HAPPENINGS) - 1),
    st.integers(0, 50),
)  # fmt: skip


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 6,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    steps=st.lists(STEP, min_size=10, max_size=40), page=st.integers(1, 60),
    random=st.randoms(use_true_random=False), planned_first=st.booleans(),
    pauses=st.integers(0, 3),
)  # fmt: skip
def test_tables_do_not_depend_on_the_way_of_the_facts(steps, page, random, planned_first, pauses):
    with (
        tempfile.TemporaryDirectory() as name,
        World(Path(name), "first") as first,
        World(Path(name), "second") as second,
    ):
        _rules(first)
        first.append(*_planned(first), *_history(first, steps))
        first.run()

        _rules(second)
        records = _shuffled(_history(second, steps), random)
        if planned_first:
            second.append(*_planned(second))
        for part in range(pauses + 1):
            size = len(records) / (pauses + 1)
            second.append(*records[int(part * size) : int((part + 1) * size)])
            if part < pauses:
                _drain(second, page)
        if not planned_first:
            _drain(second, page)
            second.append(*_planned(second))
        second.run(page)

        assert second.digests() == first.digests()
        assert all(table.equal for table in second.rebuilt())
