"""Dynamic lists follow the events, as they come, as they come late, and as time passes."""

from __future__ import annotations

import pytest

from events.log import Record
from projections.folds.waits import MOST_DUE
from schemas.instants import format_instant, from_datetime
from schemas.views import Past
from tests.support import campaign as c
from tests.support.example_rules import GROWING
from tests.support.listed import (
    ANN,
    BOB,
    COMPANY,
    DAY,
    IN_GDYNIA,
    LIST,
    OTHER,
    company,
    docs,
    members,
    publish,
    settle,
    told,
    told_of_lists,
)
from tests.support.random_rules import Chance
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes


def test_who_meets_the_rule_is_a_member_and_leaves_when_it_does_not(world: World) -> None:
    publish(world, IN_GDYNIA)
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "b", city="Sopot"))
    settle(world)
    assert members(world) == {ANN}
    world.clock.advance(DAY)
    world.append(told(world, 1, "c", city="Sopot"), told(world, 2, "d", city="Gdynia"))
    settle(world)
    assert members(world) == {BOB}
    (interval,) = docs(world)[ANN].intervals
    assert interval.until is not None
    assert interval.until - interval.since == DAY
    assert (interval.clause, interval.until_clause) == ("/where", "/where")
    kinds = [kind for kind, _, _ in told_of_lists(world)]
    assert sorted(kinds) == ["member_joined", "member_joined", "member_left"]


def test_a_rule_finds_who_was_there_before_it(world: World) -> None:
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "b", city="Sopot"))
    settle(world)
    assert docs(world) == {}
    publish(world, IN_GDYNIA)
    settle(world)
    assert members(world) == {ANN}


def test_a_rule_looks_at_everybody_a_part_at_a_time(world: World) -> None:
    count = MOST_DUE + 100
    world.append(*(told(world, number, "a", city="Gdynia") for number in range(count)))
    settle(world)
    publish(world, IN_GDYNIA)
    publish(world, {"not": IN_GDYNIA}, list_id=OTHER)
    sizes = []
    while world.turn() or world.rows_sink.tick(world.clock()):
        sizes.append(len(members(world)))
    assert any(0 < size < count for size in sizes)
    assert sizes[-1] == count
    assert members(world, OTHER) == set()


def test_a_window_ends_without_an_event(world: World) -> None:
    publish(world, {"did": "email.clicked", "within": {"last": "P7D"}})
    world.append(told(world, 1, "a", city="Gdynia"))
    at = world.clock()
    world.append(c.clicked(world, 1, at))
    settle(world)
    assert members(world) == {ANN}
    world.clock.advance(7 * DAY - (world.clock() - at) - 1)
    settle(world)
    assert members(world) == {ANN}
    world.clock.advance(1)
    settle(world)
    assert members(world) == set()
    assert [(kind, when) for kind, when, _ in told_of_lists(world)] == [
        ("member_joined", format_instant(at)), ("member_left", format_instant(at + 7 * DAY)),
    ]  # fmt: skip


def test_a_machine_is_nobody(world: World) -> None:
    publish(world, {"did": "email.clicked"})
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "a", city="Gdynia"))
    at = world.clock()
    world.append(c.clicked(world, 1, at), c.clicked(world, 2, at, agent=c.CRAWLER))
    settle(world)
    assert members(world) == {ANN}


def test_what_comes_late_corrects_what_was_told(world: World) -> None:
    publish(world, IN_GDYNIA)
    start = world.clock()
    world.append(told(world, 1, "a", at=start, city="Gdynia"))
    settle(world)
    world.clock.advance(10 * DAY)
    world.append(told(world, 1, "b", at=start + 2 * DAY, city="Sopot"),
                 told(world, 1, "c", at=start + 4 * DAY, city="Gdynia"))  # fmt: skip
    settle(world)
    spans = [(one.since, one.until) for one in docs(world)[ANN].intervals]
    assert spans == [(start, start + 2 * DAY), (start + 4 * DAY, None)]
    assert [kind for kind, _, _ in told_of_lists(world)].count("member_left") == 1


def test_a_visitor_is_known_afterwards(world: World) -> None:
    publish(world, {"did": "page.viewed", "verdict": "any", "count": {"op": "ge", "n": 2}})
    start = world.clock()
    seen = {"visitor_id": str(c.visitor(1)), "url": "https://example.com/", "hit": c.hit()}
    for number in range(2):
        world.append(world.fact("page.viewed", seen, f"seen {number}", at=start + number))
    world.append(c.contact(world, 1))
    settle(world)
    assert members(world) == set()
    world.clock.advance(DAY)
    world.append(c.form_sent(world, 1, world.clock()))
    settle(world)
    assert members(world) == {ANN}
    assert docs(world)[ANN].intervals[0].since == start + 1


def test_a_list_reads_another(world: World) -> None:
    publish(world, {"not": {"in_list": str(OTHER)}})
    publish(world, IN_GDYNIA, list_id=OTHER)
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "b", city="Sopot"))
    settle(world)
    assert (members(world), members(world, OTHER)) == ({BOB}, {ANN})


def test_a_rule_that_is_retired_leaves_nobody(world: World) -> None:
    publish(world, IN_GDYNIA)
    world.append(told(world, 1, "a", city="Gdynia"))
    settle(world)
    step = {"definition_id": str(LIST), "kind": "list", "version": 1}
    stream = f"definition:{LIST}"
    world.append(world.decision("definition.retired", step, stream, 2, LIST))
    world.clock.advance(6_000)
    settle(world)
    assert docs(world) == {}
    assert told_of_lists(world)[-1][0] == "member_left"


def test_a_static_list_is_what_was_put_on_it(world: World) -> None:
    def step(kind: str, number: int, version: int) -> Record:
        member = {"kind": "contact", "id": str(c.person(number))}
        data = {"list_id": str(LIST), "member": member}
        return world.decision(f"list.member_{kind}", data, f"list:{LIST}", version, LIST)

    world.append(step("added", 1, 1), step("added", 2, 2), step("added", 1, 3))
    world.append(told(world, 1, "a", city="Gdynia"), step("removed", 2, 4))
    settle(world)
    assert members(world) == {ANN}
    assert [len(docs(world)[name].intervals) for name in (ANN, BOB)] == [1, 1]
    publish(world, {"in_list": str(LIST)}, list_id=OTHER)
    world.append(told(world, 2, "b", city="Gdynia"))
    settle(world)
    assert members(world, OTHER) == {ANN}


def test_another_rule_takes_the_place_of_the_first(world: World) -> None:
    publish(world, IN_GDYNIA)
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "b", city="Sopot"))
    settle(world)
    publish(world, {"field": "city", "op": "ne", "value": "Gdynia"}, 2)
    settle(world)
    assert members(world) == {BOB}
    assert {doc.version for doc in docs(world).values()} == {2}
    left = [one for one in told_of_lists(world) if one[0] == "member_left"]
    assert [clause for _, _, clause in left] == ["definition"]


def test_a_company_grows_with_its_people(world: World) -> None:
    publish(
        world,
        {"has": "contacts", "where": IN_GDYNIA, "count": {"op": "ge", "n": 2}},
        member="account",
    )
    world.append(company(world, "c1", name="Ship"))
    for number in (1, 2):
        world.append(told(world, number, "a", account_id=str(COMPANY), city="Sopot"))
    settle(world)
    assert members(world) == set()
    world.clock.advance(DAY)
    world.append(told(world, 1, "b", city="Gdynia"), told(world, 2, "b", city="Gdynia"))
    settle(world)
    assert members(world) == {str(COMPANY)}
    world.clock.advance(DAY)
    world.append(told(world, 1, "c", account_id=str(OTHER)))
    settle(world)
    assert members(world) == set()


def test_bought_an_implementation_no_service_contract_and_growing(world: World) -> None:
    """The specification's first example, event by event."""
    publish(world, GROWING["where"], member="account")
    start = world.clock()
    at = {"recipient": COMPANY}
    world.append(company(world, "c1", at=start - 500 * DAY, name="Ship", employees=100))
    world.append(world.fact(
        "order.placed",
        {"order_id": "o1", "product_id": "p", "category": "implementation",
         "status": "fulfilled", "total": {"amount": "9000", "currency": "EUR"}},
        "o1", at=start - 400 * DAY, **at,
    ))  # fmt: skip
    settle(world)
    assert members(world) == set()
    world.append(company(world, "c2", at=start, employees=110))
    settle(world)
    assert members(world) == {str(COMPANY)}
    (interval,) = docs(world)[str(COMPANY)].intervals
    assert (interval.since, interval.clause) == (start, "/where/all/2/any/0")
    contract = {"contract_id": "k1", "kind": "service", "signed_at": format_instant(start)}
    world.clock.advance(DAY)
    world.append(world.fact("contract.signed", contract, "k1", **at))
    settle(world)
    assert members(world) == set()
    assert docs(world)[str(COMPANY)].intervals[0].until_clause == "/where/all/1"


def test_members_are_read_as_of_any_moment(world: World) -> None:
    publish(world, IN_GDYNIA)
    start = world.clock()
    for number in range(4):
        world.append(told(world, number, "a", city="Gdynia"))
    settle(world)
    world.clock.advance(DAY)
    world.append(told(world, 1, "b", city="Sopot"))
    settle(world)
    reads = world.reads()
    first = reads.members(WORKSPACE, LIST, Past(), None, 2)
    rest = reads.members(WORKSPACE, LIST, Past(), first.next_cursor, 2)
    now = [str(one.member) for one in (*first.data, *rest.data)]
    assert now == sorted(members(world))
    assert (len(first.data), len(rest.data), rest.next_cursor) == (2, 1, None)
    assert reads.member_count(WORKSPACE, LIST) == 3
    then = reads.members(WORKSPACE, LIST, Past(as_of=start), None, 10).data
    assert ANN in {str(one.member) for one in then}
    assert reads.members(WORKSPACE, LIST, Past(as_of=start - 1), None, 10).data == []
    assert reads.members("another", LIST, Past(), None, 10).data == []


def test_reasons_are_given_to_members_and_others(world: World) -> None:
    clicks = {"did": "email.clicked", "within": {"last": "P7D"}}
    publish(world, {"all": [IN_GDYNIA, clicks]})
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "b", city="Gdynia"))
    at = world.clock()
    world.append(c.clicked(world, 1, at))
    settle(world)
    reads = world.reads()
    why = reads.member_why(WORKSPACE, LIST, c.person(1), Past())
    assert why.is_member
    assert why.reason is not None
    assert [part.found for part in why.reason.parts] == ["Gdynia", 1]
    assert why.next_change is not None
    assert from_datetime(why.next_change) == at + 7 * DAY
    other = reads.member_why(WORKSPACE, LIST, c.person(2), Past())
    assert not other.is_member
    assert other.reason is not None
    assert [part.value for part in other.reason.parts] == ["true", "false"]
    before = reads.member_why(WORKSPACE, LIST, c.person(1), Past(as_of=at - DAY))
    assert not before.is_member
    nobody = reads.member_why(WORKSPACE, LIST, c.person(9), Past())
    assert (nobody.is_member, nobody.reason, nobody.spans) == (False, None, [])


def test_who_came_and_went_adds_up_at_every_moment(world: World) -> None:
    publish(world, IN_GDYNIA)
    chance, start = Chance(3), world.clock()
    moments = sorted(chance.one(*range(40)) for _ in range(60))
    for number, day in enumerate(moments):
        city = chance.one("Gdynia", "Sopot")
        at = start + day * DAY
        world.clock.advance(max(0, at - world.clock()))
        world.append(told(world, number % 7, f"{number}", at=at, city=city))
    settle(world)
    reads = world.reads()
    for since, until in ((0, 40), (5, 6), (10, 30), (39, 41)):
        first, last = start + since * DAY, start + until * DAY
        flow = reads.member_flow(WORKSPACE, LIST, [first, last], None)
        assert flow.members_before + flow.joins - flow.leaves == flow.members_after
        for moment, count in ((first - 1, flow.members_before), (last - 1, flow.members_after)):
            there = reads.members(WORKSPACE, LIST, Past(as_of=moment), None, 100).data
            assert len(there) == count
    whole = reads.member_flow(WORKSPACE, LIST, [start, start + 50 * DAY], None)
    assert whole.leaves > 5
    days = [start + day * DAY for day in range(41)]
    daily = reads.member_flow(WORKSPACE, LIST, days, None)
    assert len(daily.steps) == 40
    assert sum(one.joins for one in daily.steps) == daily.joins
    assert sum(one.leaves for one in daily.steps) == daily.leaves
    for one, end in zip(daily.steps, days[1:], strict=True):
        there = reads.members(WORKSPACE, LIST, Past(as_of=end - 1), None, 100).data
        assert one.members_after == len(there)
    assert whole.dwell_days is not None


def test_what_was_known_then_is_a_copy_taken_then(world: World) -> None:
    """N3: whatever late events and other rules came after."""
    publish(world, IN_GDYNIA)
    chance, reads = Chance(5), world.reads()
    copies = []
    for number in range(24):
        at = world.clock() - chance.one(0, 0, 3, 30) * DAY
        city = chance.one("Gdynia", "Sopot")
        world.append(told(world, number % 5, f"{number}", at=at, city=city))
        settle(world)
        if number % 8 == 7:
            now = reads.members(WORKSPACE, LIST, Past(), None, 100)
            early = reads.members(WORKSPACE, LIST, Past(as_of=at), None, 100)
            copies.append((world.log.heads().encode(), at, now.data, early.data))
        world.clock.advance(DAY)
    publish(world, {"not": IN_GDYNIA}, version=2)
    settle(world)
    assert len({tuple(one.member for one in now) for _, _, now, _ in copies}) > 1
    for cursor, at, now, early in copies:
        then = reads.members(WORKSPACE, LIST, Past(known_at=cursor), None, 100)
        assert (then.data, then.known_at) == (now, cursor)
        assert reads.members(WORKSPACE, LIST, Past(as_of=at, known_at=cursor), None, 100).data == (
            early
        )
        for one in now[:1]:
            why = reads.member_why(WORKSPACE, LIST, one.member, Past(known_at=cursor))
            assert (why.is_member, why.definition_version) == (True, 1)
        flow = reads.member_flow(WORKSPACE, LIST, [0, world.clock()], cursor)
        assert flow.members_after == len(now)
