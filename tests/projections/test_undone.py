"""Batches that are undone: what is left is what had been without them (R31, N10)."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from events.log import Record
from projections.digests import TableDigest
from schemas.catalogue import Topic
from schemas.kpis import KpiQuery
from tests.support import campaign as c
from tests.support.listed import (
    DAY,
    IN_GDYNIA,
    LIST,
    OTHER,
    THIRD,
    docs,
    members,
    publish,
    settle,
    told,
)
from tests.support.lives import life, own_deed, put_rules_in_force
from tests.support.random_rules import Chance
from tests.support.records import BATCH, OTHER_BATCH, batched
from tests.support.replayed import Operated
from tests.support.undoing import undone
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes
_STEP = 12


def tables(world: World) -> dict[str, TableDigest]:
    """All but the journal, which has the decision, and what was concluded before it."""
    return {
        one.table: one for one in world.digests() if not one.table.startswith("columns.journal")
    }


def contacts(world: World) -> int:
    """How many contacts there are."""
    return {one.table: one.rows for one in world.digests()}["rows.contact"]


def verdicts(world: World) -> list[str]:
    """All that stand in the first generation."""
    found = world.columns.query(
        "SELECT toString(verdict) AS verdict FROM judgement FINAL "
        "WHERE generation = 1 AND verdict != 'unjudged'"
    )
    return [str(one) for one in found.column(0).to_pylist()]


def all_spans(world: World) -> dict[tuple[UUID, str], list[tuple[int, int | None]]]:
    """By list and record, from when to when it was a member."""
    return {
        (list_id, name): [(span.since, span.until) for span in doc.intervals]
        for list_id in (LIST, OTHER, THIRD)
        for name, doc in docs(world, list_id).items()
    }


def derived(world: World, kind: str) -> list[dict[str, object]]:
    """What was concluded, of one type."""
    return [
        orjson.loads(record.data)
        for partition in range(world.log.partitions)
        for record in world.log.read(Topic.DERIVED, partition, 0, 10_000).records
        if record.type.startswith(f"{kind}.v")
    ]


def lived(world: World, chance: Chance) -> list[Record]:
    """A month of three people, with messages, forms, visits and orders; the facts alone."""
    at = world.clock() - 20 * DAY
    records = life(world, chance)
    for number in range(3):
        records += c.sent(world, number, at)
        records += [own_deed(world, chance, number, f"own {number} {n}") for n in range(4)]
        records += [
            c.opened(world, number, at + DAY), c.form_seen(world, number, at + DAY),
            c.form_sent(world, number, at + DAY + 1), c.called(world, number, at + 2 * DAY),
            c.ordered(world, number, at + 3 * DAY),
        ]  # fmt: skip
    facts = {record.event_id: record for record in records if record.topic is Topic.FACTS}
    return list(facts.values())


def test_a_person_who_came_with_the_batch_was_never_there(world: World, another: World) -> None:
    for here in (world, another):
        at = here.clock()
        publish(here, IN_GDYNIA)
        here.append(*c.planned(here), c.contact(here, 0), *c.sent(here, 0, at))
        here.append(c.form_seen(here, 0, at + 1), c.form_sent(here, 0, at + 2))
        if here is world:
            bad = [c.contact(here, 1), told(here, 1, "a", city="Gdynia"), *c.sent(here, 1, at),
                   c.form_sent(here, 1, at + 3), c.clicked(here, 0, at + 4)]  # fmt: skip
            here.append(*map(batched, bad))
        here.run()
    assert members(world) == {str(c.person(1))}
    assert world.kpis() != another.kpis()
    assert len(world.responses()) > len(another.responses())
    world.append(undone(world))
    world.run()
    another.clock.advance(3_600_000)
    another.run()
    assert members(world) == set()
    assert tables(world) == tables(another)
    assert world.kpis() == another.kpis()
    assert {one["reason"] for one in derived(world, "response.retracted")} == {"undone"}
    assert derived(world, "list.membership_corrected")
    assert all(one.equal for one in world.rebuilt())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_equals_a_world_without_the_batch(
    world: World, another: World, seed: int
) -> None:
    """... whatever the batch holds, and in whatever order its facts and the decision come.

    Some facts of the batch came with another one too, or come again: these stand.
    """
    for here in (world, another):
        chance = Chance(seed)
        here.append(*c.planned(here))
        put_rules_in_force(here)
        records = lived(here, chance)
        chance.shuffle(records)
        again = [batched(one, OTHER_BATCH) for one in records if chance.one(True, False, False)]
        records = [batched(one) if chance.one(True, False, False) else one for one in records]
        records += again
        decided = chance.one(*range(0, len(records), _STEP))
        for place in range(0, len(records), _STEP):
            some = records[place : place + _STEP]
            if here is another:
                some = [one for one in some if str(BATCH).encode() not in one.head]
            here.append(*some)
            if here is world and place == decided:
                here.append(undone(here))
            here.clock.advance(chance.one(0, 1, DAY // 4))
            settle(here)
        here.run()
        assert len(here.responses()) > 0
    left, others = tables(world), tables(another)
    assert all_spans(world) == all_spans(another)
    # A span may have begun by another verdict on the same hit: one was corrected meanwhile.
    assert left.pop("rows.member").rows == others.pop("rows.member").rows
    assert left == others
    assert world.kpis() == another.kpis()
    assert all(one.equal for one in world.rebuilt())


def test_other_batches_and_other_workspaces_stay(world: World) -> None:
    kept = UUID(int=7)
    world.append(*c.planned(world), batched(c.contact(world, 1), kept))
    world.workspace = "elsewhere"
    world.append(batched(c.contact(world, 2)))
    world.workspace = WORKSPACE
    world.append(batched(c.contact(world, 3)), undone(world))
    world.run()
    found = world.columns.query("SELECT person FROM journal WHERE type = 'contact.created'")
    assert set(found.column("person").to_pylist()) == {str(c.person(1)), str(c.person(2))}
    assert contacts(world) == 2


def test_a_batch_may_be_undone_and_come_again_in_another(world: World) -> None:
    """... and be undone there too, and come once more."""
    third = UUID(int=3)
    fact = c.contact(world, 1)
    for batch in (BATCH, OTHER_BATCH):
        world.append(batched(fact, batch))
        world.run()
        assert contacts(world) == 1
        world.append(undone(world, batch))
        world.run()
        assert contacts(world) == 0
    world.append(batched(fact, third))
    world.run()
    assert contacts(world) == 1
    assert all(one.equal for one in world.rebuilt())


def test_a_hit_that_comes_again_is_judged_anew(world: World) -> None:
    """Its next verdict is not taken for the one from before."""
    at = world.clock() - DAY
    world.append(*c.planned(world), c.contact(world, 1))
    click = c.clicked(world, 1, at + 1_000)
    delivery = [batched(one, UUID(int=9)) for one in c.sent(world, 1, at)]
    world.append(batched(click))
    world.run()
    assert verdicts(world) == ["human"]
    world.append(undone(world))
    world.run()
    assert verdicts(world) == []
    operated = Operated(world)
    operated.run()
    operated.replaying.begin()
    operated.run()
    operated.replaying.promote(2, anyway=False)
    world.append(*delivery, batched(click, OTHER_BATCH))
    operated.run()
    told = [one["verdict"] for one in derived(world, "interaction.judged")]
    assert told == ["human", "machine"]
    assert [one.table for one in operated.rebuilt() if not one.equal] == []


def test_what_was_known_before_is_still_known(world: World) -> None:
    """A past before the decision shows the batch; data time of today's knowledge does not."""
    publish(world, IN_GDYNIA)
    world.append(*c.planned(world))
    world.append(*map(batched, (c.contact(world, 1), told(world, 1, "a", city="Gdynia"),
                                *c.sent(world, 1, world.clock()))))  # fmt: skip
    world.run()
    reads = world.reads()
    before, then = world.kpis(), world.clock()
    known_at = reads.kpis(WORKSPACE, KpiQuery()).known_at
    world.append(undone(world))
    world.run()
    assert world.kpis() != before
    past = reads.kpis(WORKSPACE, KpiQuery(known_at=known_at))
    assert past.data == before
    as_of = reads.kpis(WORKSPACE, KpiQuery(as_of=then))
    assert as_of.data != before
