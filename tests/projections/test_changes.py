"""Why a KPI is another than it was: the difference of two states, split without remainder (N5)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from events.cursor import Cursor
from projections.past.building import last_recorded
from projections.past.cut import Between, Moment
from projections.past.kinds import Kind
from schemas.errors import InvalidInput
from schemas.kpis import KpiChanges, KpiChangesQuery, KpiQuery, KpiValue
from tests.support import campaign as c
from tests.support.listed import DAY, settle
from tests.support.lives import life, own_deed, who_is_who
from tests.support.merging import merged
from tests.support.random_rules import Chance
from tests.support.records import batched
from tests.support.undoing import undone
from tests.support.world import WORKSPACE, World

FIGURES = ("numerator", "denominator", "n")
HOUR = 3_600_000


def known(world: World) -> str:
    """The state of knowledge, when everything has come."""
    settle(world)
    return world.log.heads().encode()


def changes(world: World, before: str, after: str, *only: str) -> KpiChanges:
    query = KpiChangesQuery(known_at=after, only=only, known_before=before)
    return world.reads().kpi_changes(WORKSPACE, query)


def moved(told: KpiChanges, kpi: str) -> dict[str, tuple[float, float]]:
    """By kind of change, what it did to numerator and denominator of a KPI."""
    (group,) = told.data
    parts = group.kpis[kpi].parts
    return {kind: (part.numerator, part.denominator) for kind, part in parts.items()}


def begun(world: World) -> int:
    """A campaign that was sent to two people, one of whom came with a batch, yesterday."""
    at = world.clock() - DAY
    world.append(*c.planned(world))
    for number in range(2):
        facts = [c.contact(world, number), *c.sent(world, number, at)]
        world.append(*(map(batched, facts) if number else facts))
    return at


def test_each_kind_of_change_has_its_part(world: World) -> None:
    at = begun(world)
    before = known(world)
    world.clock.advance(HOUR)
    world.append(c.clicked(world, 0, at + 700_000))  # it happened before, and was told late
    world.append(c.clicked(world, 1, world.clock() - 60_000))
    after = known(world)
    told = changes(world, before, after, "click_through_rate")
    assert moved(told, "click_through_rate") == {"late_events": (1, 0), "new_events": (1, 0)}
    world.append(undone(world))
    last = known(world)
    assert moved(changes(world, after, last, "click_through_rate"), "click_through_rate") == {
        "corrections": (-1, -1)
    }
    assert changes(world, last, last, "click_through_rate").data == []


def test_merges_have_a_part_of_their_own(world: World) -> None:
    at = begun(world)
    for number in range(2):
        world.append(c.form_sent(world, number, at + 900_000 + number))
    before = known(world)
    world.append(merged(world, 0, 1))
    told = changes(world, before, known(world), "response_rate")
    assert moved(told, "response_rate") == {"merges": (-1, -1)}


def test_the_states_are_those_of_the_kpis_themselves(world: World) -> None:
    at = begun(world)
    before = known(world)
    reads, query = world.reads(), KpiQuery(group_by=("activity",))
    world.append(c.clicked(world, 0, at + 700_000), c.opened(world, 1, at + 800_000))
    after = known(world)
    asked = KpiChangesQuery(group_by=("activity",), known_at=after, known_before=before)
    told = reads.kpi_changes(WORKSPACE, asked)
    for state, name in ((before, "before"), (after, "after")):
        report = reads.kpis(WORKSPACE, query.model_copy(update={"known_at": state}))
        groups = {tuple(one.group.items()): one.kpis for one in report.data}
        for group in told.data:
            for kpi, change in group.kpis.items():
                assert getattr(change, name) == groups[tuple(group.group.items())][kpi]
    assert told.data


def test_with_all_kinds_of_change_a_step_is_the_later_state(world: World) -> None:
    """Which kind a record is of is said twice, of the log and of the journal."""
    at = begun(world)
    before = Cursor.decode(known(world))
    world.clock.advance(HOUR)
    world.append(c.clicked(world, 0, at + 700_000), c.form_sent(world, 1, at + 900_000))
    world.append(c.form_sent(world, 0, world.clock()), merged(world, 0, 1), undone(world))
    later = Moment(WORKSPACE, Cursor.decode(known(world)))
    step = Between(before, last_recorded(world.log, before), frozenset(Kind))
    count = world.reads()._figures.count_at
    assert count(replace(later, step=step), KpiQuery()) == count(later, KpiQuery())
    none = replace(later, step=replace(step, kinds=frozenset()))
    assert count(none, KpiQuery()) != count(later, KpiQuery())


def test_what_was_not_known_yet_is_refused(world: World) -> None:
    begun(world)
    before = known(world)
    world.append(c.contact(world, 3))
    after = known(world)
    with pytest.raises(InvalidInput, match="not the earlier of the two"):
        changes(world, after, before)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_parts_add_up_to_the_difference(world: World, seed: int) -> None:
    """... for random lives, with late events, merges, decisions and an undone batch."""
    chance = Chance(seed)
    records = [*life(world, chance), *who_is_who(world, chance)]
    records += [own_deed(world, chance, chance.one(0, 1, 2), f"own {n}") for n in range(12)]
    records = [batched(one) if chance.one(True, False, False) else one for one in records]
    chance.shuffle(records)
    begun(world)
    middle = len(records) // 2
    world.append(*records[:middle])
    before = known(world)
    world.clock.advance(DAY)
    world.append(*records[middle:], undone(world))
    told = changes(world, before, known(world))
    seen: set[str] = set()
    for group in told.data:
        for change in group.kpis.values():
            seen |= change.parts.keys()
            assert [*change.parts.values()][-1].value == change.after.value
            for figure in FIGURES:
                parts = sum(Decimal(str(getattr(one, figure))) for one in change.parts.values())
                assert parts == less(change.after, change.before, figure)
    assert seen & {Kind.LATE_EVENTS, Kind.NEW_EVENTS}
    assert seen & {Kind.CORRECTIONS, Kind.MERGES}


def less(new: KpiValue, old: KpiValue, figure: str) -> Decimal:
    return Decimal(str(getattr(new, figure) or 0)) - Decimal(str(getattr(old, figure) or 0))
