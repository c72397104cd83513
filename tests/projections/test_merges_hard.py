"""Merges and links where they are hard: odd orders, chains, equal instants, things in common."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from events.sql.tables import reading
from projections.folds.members import histories
from projections.rules.history import History
from schemas.views import Past
from tests.projections.test_merges import LEAD, TWO_CLICKS, clusters
from tests.support import campaign as c
from tests.support.listed import (
    ANN,
    BOB,
    COMPANY,
    DAY,
    IN_GDYNIA,
    OTHER,
    THIRD,
    company,
    docs,
    members,
    publish,
    settle,
    told,
)  # fmt: skip
from tests.support.merging import linked, merged, unmerged
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes


def dead_letters(world: World) -> list[Any]:
    with reading(world.rows).begin() as connection:
        return list(connection.execute(sa.text("SELECT * FROM dead_letter")).all())


def test_a_link_of_a_survivor_does_not_stop_the_fold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Histories are put together once for each record, not for each way that leads there."""
    made = Counter[str]()
    put_together = histories.with_others

    def counting(history: History, *rest: Any) -> History:
        made[history.id] += 1
        return put_together(history, *rest)

    monkeypatch.setattr(histories, "with_others", counting)
    publish(world, TWO_CLICKS)
    world.append(*(told(world, n, "a", city="Gdynia") for n in range(1, 14)))
    lead = {"lead_id": str(LEAD), "status": 1}
    world.append(world.fact("lead.created", lead, "lead", recipient=LEAD))
    world.append(*(merged(world, 1, n) for n in range(2, 14)))
    settle(world)
    made.clear()
    world.append(linked(world, 1, LEAD))
    settle(world)
    assert made.total() < 20 * 14  # some for each of the 14 that hear of it


def test_a_survivor_known_by_the_merge_alone(world: World) -> None:
    """The person leaves all dynamic lists: Bob is gone, and nobody stands for him."""
    publish(world, {"did": "email.clicked"})
    world.append(told(world, 2, "a", city="Gdynia"), c.clicked(world, 2, world.clock()))
    settle(world)
    assert members(world) == {BOB}
    world.append(merged(world, 1, 2))
    settle(world)
    assert members(world) == {ANN}


def test_a_survivor_that_is_told_of_after_the_merge(world: World) -> None:
    """What is worked out live is not what a rebuild comes to."""
    publish(world, {"did": "email.clicked"})
    publish(world, {"not": {"did": "form.submitted"}}, list_id=OTHER)
    publish(world, IN_GDYNIA, list_id=THIRD)
    world.append(told(world, 2, "a", city="Gdynia"), c.clicked(world, 2, world.clock()))
    settle(world)
    world.append(merged(world, 1, 2))
    settle(world)
    world.clock.advance(DAY)
    world.append(told(world, 1, "a", city="Gdynia"))
    settle(world)
    assert [one for one in world.rebuilt() if not one.equal] == []
    assert (members(world), members(world, OTHER)) == ({ANN}, {ANN})


def test_a_merge_undone_leaves_own_values_of_one_instant_as_they_were(world: World) -> None:
    publish(world, IN_GDYNIA)
    start = world.clock()
    world.append(told(world, 2, "a", city="Hel"))
    world.append(told(world, 1, "a", city="Sopot"), told(world, 1, "b", city="Gdynia"))
    settle(world)
    before = members(world)
    world.clock.advance(4 * DAY)
    world.append(merged(world, 1, 2, at=start + DAY, city=2),
                 unmerged(world, 1, 2, at=start + 2 * DAY))  # fmt: skip
    settle(world)
    assert members(world) == before


def test_a_value_that_was_chosen_can_be_chosen_again(world: World) -> None:
    """Bob's city is Gdynia by the time that Ann takes it over."""
    publish(world, IN_GDYNIA)
    start = world.clock()
    for number, city in ((1, "Sopot"), (2, "Sopot"), (3, "Gdynia")):
        world.append(told(world, number, "a", city=city))
    world.clock.advance(4 * DAY)
    world.append(merged(world, 2, 3, at=start + DAY, city=3))
    settle(world)
    assert members(world) == {BOB}
    world.append(merged(world, 1, 2, at=start + 2 * DAY, city=2))
    settle(world)
    assert members(world) == {ANN}


def test_a_value_chosen_at_the_instant_of_the_own_one(world: World) -> None:
    publish(world, IN_GDYNIA)
    world.append(told(world, 1, "a", city="Sopot"), told(world, 2, "a", city="Gdynia"),
                 merged(world, 1, 2, city=2))  # fmt: skip
    settle(world)
    assert members(world) == {ANN}


@pytest.mark.parametrize("path", ["attributes.plan", "attributes"])
def test_an_object_is_chosen_with_what_is_in_it(world: World, path: str) -> None:
    publish(world, {"field": "attributes.plan.name", "op": "eq", "value": "gold"})
    for number, name in ((1, "tin"), (2, "gold")):
        world.append(told(world, number, "a", attributes={"plan": {"name": name}}))
    settle(world)
    world.clock.advance(DAY)
    world.append(merged(world, 1, 2, **{path: 2}))
    settle(world)
    assert members(world) == {ANN}


def test_one_company_of_two_merged_people_is_one_company(world: World) -> None:
    publish(world, {"has": "account", "count": {"op": "ge", "n": 2}})
    world.append(company(world, "c", name="Ship"))
    for number in (1, 2):
        world.append(told(world, number, "a", account_id=str(COMPANY)))
    world.append(merged(world, 1, 2))
    settle(world)
    assert members(world) == set()


def test_what_comes_late_of_records_that_were_one_once_counts_for_both(world: World) -> None:
    """They are parted by now: what happened while they were one is of that time."""
    publish(world, TWO_CLICKS)
    start = world.clock()
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "a", city="Gdynia"))
    world.append(c.clicked(world, 1, start))
    world.clock.advance(9 * DAY)
    world.append(merged(world, 1, 2, at=start + DAY), unmerged(world, 1, 2, at=start + 3 * DAY))
    settle(world)
    assert docs(world) == {}
    world.append(c.clicked(world, 2, start + 2 * DAY))
    settle(world)
    (span,) = docs(world)[ANN].intervals
    assert (span.since, span.until) == (start + 2 * DAY, start + 3 * DAY)


def test_what_a_record_is_may_be_known_late(world: World) -> None:
    """Then it is looked at by all rules, not by those alone that read what has come."""
    publish(world, IN_GDYNIA)
    publish(world, {"not": {"did": "form.submitted"}}, list_id=OTHER)
    world.append(c.clicked(world, 1, world.clock()))  # by a record that nothing else is known of
    settle(world)
    assert members(world, OTHER) == set()
    world.clock.advance(DAY)
    world.append(told(world, 1, "a", city="Gdynia"))
    settle(world)
    assert (members(world), members(world, OTHER)) == ({ANN}, {ANN})
    assert all(one.equal for one in world.rebuilt())


def test_a_company_that_somebody_left_for_the_one_it_became_is_one(world: World) -> None:
    """... also of somebody who is two records."""
    publish(world, {"has": "account", "count": {"op": "ge", "n": 2}})
    publish(world, {"has": "account"}, list_id=THIRD)
    world.append(company(world, "c", name="Ship"))
    boat = {"id": str(OTHER), "changes": {"name": "Boat"}}
    world.append(world.fact("account.changed", boat, "boat"))
    world.append(told(world, 1, "a", account_id=str(OTHER)), merged(world, 1, 2))
    world.clock.advance(DAY)
    world.append(told(world, 1, "b", account_id=str(COMPANY)))
    world.append(merged(world, COMPANY, OTHER, kind="account"))
    settle(world)
    assert (members(world), members(world, THIRD)) == (set(), {ANN})
    assert len(docs(world, THIRD)[ANN].intervals) == 1


def test_an_order_told_of_by_two_records_is_one_order(world: World) -> None:
    publish(world, {"has": "orders", "where": {"field": "status", "op": "eq", "value": "placed"}})
    data = {"order_id": "o1", "product_id": "offer", "category": "goods",
            "total": {"amount": "10", "currency": "EUR"}}  # fmt: skip
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "a", city="Gdynia"))
    world.append(world.fact("order.placed", data, "placed", recipient=c.person(2)))
    world.append(merged(world, 1, 2))
    settle(world)
    assert members(world) == {ANN}
    world.clock.advance(DAY)
    world.append(world.fact("order.canceled", data, "canceled", recipient=c.person(1)))
    settle(world)
    assert members(world) == set()


def test_the_journey_of_a_merged_record(world: World) -> None:
    at = world.clock()
    world.append(*c.planned(world))
    for number in (1, 2):
        world.append(c.contact(world, number), *c.sent(world, number, at))
    world.append(merged(world, 1, 2))
    world.run()
    reads = world.reads()
    of_survivor = reads.journey(WORKSPACE, c.person(1), Past(), None, 100).data
    assert len(of_survivor) == 6
    assert reads.journey(WORKSPACE, c.person(2), Past(), None, 100).data == of_survivor


def test_an_address_whose_survivor_has_no_row_of_its_own(world: World) -> None:
    world.append(c.contact(world, 2))
    settle(world)
    world.append(merged(world, 1, 2))
    settle(world)
    assert world.reads().contact_at(WORKSPACE, c.address(2)).contact_id == c.person(2)


def test_decisions_of_two_streams_that_come_crosswise(world: World) -> None:
    """Bob into Ann, parted, Ann into Bob; the second is in another partition and comes last."""
    world.append(c.contact(world, 1), c.contact(world, 2))
    world.append(merged(world, 1, 2), merged(world, 2, 1))
    settle(world)
    assert dead_letters(world) == []
    world.append(unmerged(world, 1, 2))
    settle(world)
    assert clusters(world)[ANN] == BOB


def test_a_company_keeps_the_person_of_a_merged_record(world: World) -> None:
    """``has account`` finds the company from the survivor; ``has contacts`` not the survivor."""
    publish(world, {"has": "contacts"}, member="account")
    publish(world, {"has": "account"}, list_id=OTHER)
    world.append(company(world, "c", name="Ship"))
    world.append(told(world, 2, "a", account_id=str(COMPANY)), told(world, 1, "a", city="Sopot"))
    world.append(merged(world, 1, 2))
    settle(world)
    assert members(world, OTHER) == {ANN}
    assert members(world) == {str(COMPANY)}
