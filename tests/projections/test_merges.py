"""Records that are merged, linked and parted again: who is who at every moment (R28)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from events.sql.tables import reading
from projections.digests import TableDigest
from projections.stores.rows import CLUSTER
from schemas.ids import named_id
from schemas.views import Past
from tests.support import campaign as c
from tests.support.listed import (
    ANN,
    BOB,
    COMPANY,
    DAY,
    IN_GDYNIA,
    LIST,
    OTHER,
    THIRD,
    company,
    docs,
    members,
    publish,
    settle,
    told,
)
from tests.support.lives import life, put_rules_in_force, who_is_who
from tests.support.merging import linked, merged, unmerged
from tests.support.random_rules import Chance
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes

CLEO = str(c.person(3))
LEAD = named_id("test", "lead")
TWO_CLICKS = {"did": "email.clicked", "count": {"op": "ge", "n": 2}}


def clusters(world: World) -> dict[str, str]:
    """By subject, its cluster by now."""
    with reading(world.rows).begin() as connection:
        query = sa.select(CLUSTER.c.subject, CLUSTER.c.cluster).where(CLUSTER.c.generation == 1)
        return dict(list(connection.execute(query)))


def kpis(world: World) -> dict[str, tuple[Any, Any]]:
    """By name, how many of how many."""
    (group,) = world.kpis()
    return {name: (one.numerator, one.denominator) for name, one in group.kpis.items()}


def spans(world: World, name: str, list_id: Any = LIST) -> list[tuple[int, int | None]]:
    doc = docs(world, list_id).get(name)
    return [] if doc is None else [(one.since, one.until) for one in doc.intervals]


def test_all_that_is_known_of_two_records_is_one_persons(world: World) -> None:
    world.append(c.contact(world, 1), c.contact(world, 2), c.form_sent(world, 2, world.clock()))
    world.append(merged(world, 1, 2))
    settle(world)
    hashed = world.sealer.hash_of(WORKSPACE, c.address(2))
    found = clusters(world)
    assert {found[name] for name in (BOB, hashed, str(c.visitor(2)))} == {ANN}
    assert ANN not in found


def test_a_merge_is_followed_through_others(world: World) -> None:
    """... in whatever order the decisions came in."""
    world.append(*(c.contact(world, number) for number in (1, 2, 3)))
    world.append(merged(world, 3, 1), merged(world, 1, 2))
    settle(world)
    found = clusters(world)
    assert (found[ANN], found[BOB]) == (CLEO, CLEO)
    world.append(unmerged(world, 3, 1))
    settle(world)
    found = clusters(world)
    assert (found.get(ANN), found[BOB]) == (None, ANN)


def test_people_are_counted_once(world: World) -> None:
    """KPIs of people are of clusters, those of messages of messages."""
    at = world.clock()
    world.append(*c.planned(world))
    for number in (1, 2, 3):
        world.append(c.contact(world, number), *c.sent(world, number, at))
    world.append(c.clicked(world, 1, at + 300_000), c.clicked(world, 2, at + 300_000))
    world.run()
    before = kpis(world)
    world.append(merged(world, 1, 2))
    world.run()
    after = kpis(world)
    assert before["click_through_rate"] == after["click_through_rate"] == (2, 3)
    assert before["click_through_rate_p"] == (2, 3)
    assert after["click_through_rate_p"] == (1, 2)
    assert all(one.equal for one in world.rebuilt())


def test_only_the_survivor_is_a_member(world: World) -> None:
    publish(world, IN_GDYNIA)
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "a", city="Gdynia"))
    start = world.clock()
    settle(world)
    world.clock.advance(DAY)
    decision = merged(world, 1, 2)
    world.append(decision)
    settle(world)
    assert members(world) == {ANN}
    (interval,) = docs(world)[BOB].intervals
    assert (interval.since, interval.until) == (start, start + DAY)
    assert interval.until_cause == str(decision.event_id)
    world.clock.advance(DAY)
    world.append(unmerged(world, 1, 2))
    settle(world)
    assert members(world) == {ANN, BOB}
    assert spans(world, BOB) == [(start, start + DAY), (start + 2 * DAY, None)]


def test_what_both_did_counts_together_from_the_merge_on(world: World) -> None:
    publish(world, TWO_CLICKS)
    start = world.clock()
    for number in (1, 2):
        world.append(told(world, number, "a", city="Gdynia"), c.clicked(world, number, start))
    settle(world)
    assert members(world) == set()
    world.clock.advance(DAY)
    decision = merged(world, 1, 2)
    world.append(decision)
    settle(world)
    assert spans(world, ANN) == [(start + DAY, None)]
    assert docs(world)[ANN].intervals[0].cause == str(decision.event_id)
    why = world.reads().member_why(WORKSPACE, LIST, c.person(1), Past())
    assert why.reason is not None
    assert why.reason.found == 2
    assert str(decision.event_id) in why.reason.events
    world.clock.advance(DAY)
    world.append(unmerged(world, 1, 2))
    settle(world)
    assert spans(world, ANN) == [(start + DAY, start + 2 * DAY)]


def test_a_survivor_has_the_values_that_were_chosen(world: World) -> None:
    """... until it is told another one, or the merge is undone."""
    publish(world, IN_GDYNIA)
    start = world.clock()
    world.append(told(world, 1, "a", city="Sopot"), told(world, 2, "a", city="Gdynia"))
    world.clock.advance(4 * DAY)
    world.append(merged(world, 1, 2, at=start + DAY, city=2))
    settle(world)
    assert spans(world, ANN) == [(start + DAY, None)]
    world.append(told(world, 1, "b", at=start + 2 * DAY, city="Gdańsk"))
    settle(world)
    assert spans(world, ANN) == [(start + DAY, start + 2 * DAY)]
    world.append(unmerged(world, 1, 2, at=start + 3 * DAY))
    settle(world)
    assert spans(world, ANN) == [(start + DAY, start + 2 * DAY)]
    world.append(told(world, 1, "c", at=start + 2 * DAY + 1, city="Gdynia"))
    settle(world)
    assert spans(world, ANN) == [(start + DAY, start + 2 * DAY), (start + 2 * DAY + 1, None)]


def test_a_choice_undone_gives_back_the_own_value(world: World) -> None:
    publish(world, IN_GDYNIA)
    start = world.clock()
    world.append(told(world, 1, "a", city="Sopot"), told(world, 2, "a", city="Gdynia"))
    world.clock.advance(4 * DAY)
    world.append(merged(world, 1, 2, at=start + DAY, city=2),
                 unmerged(world, 1, 2, at=start + 2 * DAY))  # fmt: skip
    settle(world)
    assert spans(world, ANN) == [(start + DAY, start + 2 * DAY)]
    assert spans(world, BOB) == [(start, start + DAY), (start + 2 * DAY, None)]


def test_the_strictest_ledger_counts_for_all(world: World) -> None:
    publish(world, {"consent": "email", "purpose": "marketing", "is": "granted"})
    start = world.clock()
    for number, kind in ((1, "granted"), (2, "withdrawn")):
        entry = {"channel": "email", "purpose": "marketing", "source": "form",
                 "address": c.address(number)}  # fmt: skip
        world.append(told(world, number, "a", email=[c.address(number)]))
        world.append(world.fact(f"consent.{kind}", entry, f"{kind} {number}"))
    settle(world)
    assert members(world) == {ANN}
    world.clock.advance(3 * DAY)
    world.append(merged(world, 1, 2, at=start + DAY), unmerged(world, 1, 2, at=start + 2 * DAY))
    settle(world)
    assert spans(world, ANN) == [(start, start + DAY), (start + 2 * DAY, None)]


def test_static_lists_stay_as_they_are(world: World) -> None:
    """... and whoever asks whether a person is on one asks for all its records (R24)."""
    for version, number in enumerate((1, 2), 1):
        member = {"kind": "contact", "id": str(c.person(number))}
        step = {"list_id": str(LIST), "member": member}
        world.append(world.decision("list.member_added", step, f"list:{LIST}", version, LIST))
    member = {"kind": "contact", "id": CLEO}
    step = {"list_id": str(THIRD), "member": member}
    world.append(world.decision("list.member_added", step, f"list:{THIRD}", 1, THIRD))
    publish(world, {"in_list": str(THIRD)}, list_id=OTHER)
    world.append(*(told(world, number, "a", city="Gdynia") for number in (1, 2, 3)))
    world.append(merged(world, 1, 2), merged(world, 1, 3))
    settle(world)
    assert (members(world), members(world, THIRD)) == ({ANN, BOB}, {CLEO})
    assert members(world, OTHER) == {ANN}


def test_a_lead_and_a_contact_are_one_person(world: World) -> None:
    """Each is a record of its own still: what both did counts for both."""
    publish(world, TWO_CLICKS)
    publish(world, TWO_CLICKS, list_id=OTHER, member="lead")
    publish(world, {"in_list": str(LIST)}, list_id=THIRD, member="lead")
    start = world.clock()
    click = {"message_id": str(c.message(1)), "link_id": c.LINKS[0], "link_kind": "content",
             "url": "https://example.com/", "hit": c.hit()}  # fmt: skip
    world.append(told(world, 1, "a", city="Gdynia"), c.clicked(world, 1, start))
    world.append(world.fact("lead.created", {"lead_id": str(LEAD), "status": 1}, "lead",
                            recipient=LEAD))  # fmt: skip
    world.append(world.fact("email.clicked", click, "lead's", at=start, recipient=LEAD))
    settle(world)
    world.clock.advance(3 * DAY)
    world.append(linked(world, 1, LEAD, at=start + DAY))
    world.append(linked(world, 1, LEAD, 2, start + 2 * DAY, "identity.unlinked"))
    settle(world)
    expected = [(start + DAY, start + 2 * DAY)]
    assert spans(world, ANN) == spans(world, str(LEAD), OTHER) == expected
    assert spans(world, str(LEAD), THIRD) == expected
    assert str(LEAD) not in clusters(world)


def test_the_people_of_a_company_are_counted_once(world: World) -> None:
    """... and those of companies that are merged together."""
    two = {"has": "contacts", "where": IN_GDYNIA, "count": {"op": "ge", "n": 2}}
    publish(world, two, member="account")
    publish(world, {"has": "account", "where": {"field": "name", "op": "eq", "value": "Ship"}},
            list_id=OTHER)  # fmt: skip
    start = world.clock()
    world.append(company(world, "c", name="Ship"))
    other = {"id": str(OTHER), "changes": {"name": "Boat"}}
    world.append(world.fact("account.changed", other, "other"))
    for number, employer in ((1, COMPANY), (2, COMPANY), (3, OTHER)):
        world.append(told(world, number, "a", account_id=str(employer), city="Gdynia"))
    settle(world)
    assert spans(world, str(COMPANY)) == [(start, None)]
    assert members(world, OTHER) == {ANN, BOB}
    world.clock.advance(3 * DAY)
    world.append(merged(world, 1, 2, at=start + DAY))
    world.append(merged(world, COMPANY, OTHER, at=start + 2 * DAY, kind="account"))
    settle(world)
    assert spans(world, str(COMPANY)) == [(start, start + DAY), (start + 2 * DAY, None)]
    assert spans(world, CLEO, OTHER) == [(start + 2 * DAY, None)]
    assert all(one.equal for one in world.rebuilt())


def test_a_merge_that_is_undone_leaves_nothing_behind(world: World, another: World) -> None:
    """N8: records, responses and KPIs are those of a world without the merge; only what lists had
    as members meanwhile is remembered.
    """
    for here, merges in ((world, True), (another, False)):
        at = here.clock()
        publish(here, TWO_CLICKS)
        here.append(*c.planned(here))
        for number in (1, 2):
            here.append(c.contact(here, number), *c.sent(here, number, at))
        here.append(c.form_seen(here, 2, at), c.form_sent(here, 2, at + 1))
        here.run()
        if merges:
            here.append(merged(here, 1, 2))
            here.run()
        else:
            here.clock.advance(3_600_000)
        here.append(*(c.clicked(here, number, at + 600_000) for number in (1, 2)))
        here.append(c.form_sent(here, 1, at + 700_000))
        here.run()
        if merges:
            assert members(here) == {ANN}
            here.append(unmerged(here, 1, 2))
        here.run()
    assert members(world) == members(another) == set()
    assert _tables(world) == _tables(another)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_members_are_those_of_a_full_evaluation_at_every_position(world: World, seed: int) -> None:
    """... through late events, windows, and records that are merged and parted."""
    chance = Chance(seed)
    records = [*life(world, chance), *who_is_who(world, chance)]
    chance.shuffle(records)
    world.append(*records[:5])
    rules = put_rules_in_force(world)
    reads, found = world.reads(), 0
    for place in range(5, len(records), 3):
        world.append(*records[place : place + 3])
        world.clock.advance(chance.one(0, 1, DAY // 4))
        settle(world)
        for list_id, rule in rules.items():
            view = reads.preview(WORKSPACE, list_id, rule, None, 1000)
            assert (view.joins, view.leaves) == ([], []), (place, list_id)
            found += view.members
    assert found > 0


def _tables(world: World) -> dict[str, TableDigest]:
    """All but who was a member when, and what the journal has of the decisions themselves."""
    apart = ("rows.member", "columns.journal", "columns.journal_by_person")
    return {one.table: one for one in world.digests() if one.table not in apart}
