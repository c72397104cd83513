"""Whom a KPI counts: as many as it says, each with the events that made it so."""

from __future__ import annotations

from typing import Any

import pytest

from events.log import Record
from projections.kpis.counted import counted_members
from projections.kpis.definitions import RATIOS
from schemas.errors import InvalidInput
from schemas.ids import response_id
from schemas.kpis import Counted, CountedQuery
from schemas.views import PastRows
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.random_rules import Chance
from tests.support.world import WORKSPACE, World

MINUTE = 60_000
DAY = 86_400_000
_AMOUNTS = {"total_cost", "leads", "won", "budget", "won_revenue", "expected_revenue",
            "submissions", "visits"}  # fmt: skip
PARTS = [
    (ratio.name, part)
    for ratio in RATIOS
    for part in ("numerator", "denominator")
    if getattr(ratio, part) not in _AMOUNTS
]


def counted(world: World, kpi: str, part: str = "numerator", **asked: Any) -> PastRows[Counted]:
    query = CountedQuery.model_validate({"kpi": kpi, "part": part, **asked})
    return world.reads().counted(WORKSPACE, query, None, 1000)


def types(one: Counted) -> list[str]:
    return [event.type for event in one.events]


@pytest.fixture
def start(world: World) -> int:
    at = world.clock() - 60 * DAY
    world.append(*h.prepared_world(world))
    world.clock.advance(10_000)
    world.append(*h.planned(world))
    for number in range(3):
        world.append(c.contact(world, number), *c.sent(world, number, at))
    return at


def test_who_opened_and_by_what(world: World, start: int) -> None:
    world.append(c.opened(world, 0, start + MINUTE), c.opened(world, 1, start + DAY))
    world.append(c.opened(world, 1, start, agent=c.CRAWLER))
    world.run()
    found = counted(world, "open_rate")
    assert {one.message_id for one in found.data} == {c.message(0), c.message(1)}
    by_message = {one.message_id: one for one in found.data}
    assert types(by_message[c.message(0)]) == ["email.sent", "email.opened", "email.delivered"]
    verdicts = {event.verdict for event in by_message[c.message(1)].events}
    assert verdicts == {None, "human", "machine"}
    early = counted(world, "open_rate", as_of=start + MINUTE)
    assert [one.message_id for one in early.data] == [c.message(0)]
    people = counted(world, "open_rate_p", "denominator")
    assert {one.person for one in people.data} == {str(c.person(number)) for number in range(3)}
    assert counted(world, "open_rate", campaign_id=h.PUSH).data == []


def test_what_is_behind_responses_forms_and_registrations(world: World, start: int) -> None:
    at = start + MINUTE
    world.append(c.form_seen(world, 0, at), c.form_sent(world, 0, at + MINUTE))
    world.append(c.form_seen(world, 1, at), *h.at_webinar(world, 2, at - at % (3 * MINUTE)))
    world.run()
    (sent,) = counted(world, "form_submission_rate").data
    assert (sent.person, types(sent)) == (str(c.person(0)), ["form.visited", "form.submitted"])
    seen = counted(world, "form_submission_rate", "denominator", group_by=["form"],
                   group=[str(c.FORM)]).data  # fmt: skip
    assert len(seen) == 2
    responses = counted(world, "reviewed_share", "denominator", group_by=["channel"],
                        group=["web_form"]).data  # fmt: skip
    assert [types(one) for one in responses] == [["form.submitted"]]
    guests = counted(world, "attendance_rate", "denominator").data
    assert {one.webinar_id for one in guests} == {h.WEBINAR}
    assert all("webinar.registered" in types(one) for one in guests)


def test_steps_on_a_response_are_behind_it_too(world: World, start: int) -> None:
    world.append(*h.replied(world, 0, start - start % MINUTE + MINUTE * 4))
    world.append(*h.manual_response(world, 1, start - start % 2))
    world.run()
    found = {one.response_id: types(one) for one in counted(world, "reviewed_share", "denominator")
             .data}  # fmt: skip
    by_hand = response_id(WORKSPACE, c.CAMPAIGN, "manual", 1, start - start % 2)
    assert found.pop(by_hand) == ["response.captured", "response.routed"]
    (steps,) = found.values()
    assert set(steps[:2]) == {"email.replied", "response.reviewed"}


def test_pages_go_on_where_they_ended_in_the_same_past(world: World, start: int) -> None:
    world.run()
    reads = world.reads()
    query = CountedQuery(kpi="delivery_rate")
    whole = reads.counted(WORKSPACE, query, None, 1000).data
    first = reads.counted(WORKSPACE, query, None, 2)
    rest = reads.counted(WORKSPACE, query, first.next_cursor, 2)
    assert [*first.data, *rest.data] == whole
    assert len(whole) == 3
    assert rest.next_cursor is None
    then = query.model_copy(update={"known_at": first.known_at})
    world.append(c.contact(world, 4), *c.sent(world, 4, start))
    world.run()
    assert reads.counted(WORKSPACE, then, None, 1000).data == whole
    assert len(reads.counted(WORKSPACE, query, None, 1000).data) == 4


def test_amounts_have_nobody_behind_them(world: World) -> None:
    for kpi in ("cost_per_lead", "talk_seconds", "imagined"):
        with pytest.raises(InvalidInput, match="is an amount, or nothing"):
            counted(world, kpi)
    with pytest.raises(InvalidInput, match="is not counted by form"):
        counted(world, "open_rate", group_by=["form"], group=["x"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_as_many_are_named_as_are_counted(world: World, start: int, seed: int) -> None:
    """... for random histories, in every group, now and as of a moment."""
    chance = Chance(seed)
    records: dict[Any, Record] = {}
    for _ in range(60):
        happening = chance.one(*h.HAPPENINGS)
        at = start + chance.one(*range(50)) * MINUTE
        records |= {one.event_id: one for one in happening(world, chance.one(0, 1, 2), at)}
    world.append(*records.values())
    world.run()
    seen = 0
    for as_of in (None, start + 25 * MINUTE):
        for grouped in ((), (chance.one("campaign", "channel", "form", "link", "day"),)):
            for group in world.kpis(*grouped, as_of=as_of)[:3]:
                for _ in range(12):
                    kpi, part = chance.one(*PARTS)
                    if kpi not in group.kpis:
                        continue
                    asked = {"kpi": kpi, "part": part, "as_of": as_of, "group_by": grouped}
                    asked["group"] = tuple(group.group.values())
                    query = CountedQuery.model_validate(asked)
                    named = counted_members(world.columns, 1, WORKSPACE, query, None, 1000)
                    assert len(named) == getattr(group.kpis[kpi], part), (kpi, part, group.group)
                    seen += len(named)
    assert seen
