"""What readers are answered: lists, filters against a naive scan, journeys, opened values."""

from __future__ import annotations

import itertools

import pytest

from schemas.errors import InvalidInput, NotFound, Stale
from schemas.ids import named_id
from schemas.views import Past, ResponseFilter, TallyQuery
from tests.support import campaign as c

MINUTE = 60_000
DAY = 86_400_000


@pytest.fixture
def reads(world):
    return world.reads()


@pytest.fixture
def played(world):
    start = world.clock() - DAY
    world.append(*c.planned(world))
    for number in range(3):
        world.append(c.contact(world, number), *c.sent(world, number, start))
        world.append(c.clicked(world, number, start + (10 + number) * MINUTE))
        world.append(c.form_sent(world, number, start + (20 + number) * MINUTE))
    world.append(c.called(world, 1, start + 30 * MINUTE))
    world.run()
    return world


def _all(reads, only, limit):
    after, found = None, []
    while True:
        rows = reads.responses("demo", only, after, limit)
        found += rows.data
        after = rows.next_cursor
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_of_any_size_list_the_same(reads, played, limit):
    listed = _all(reads, ResponseFilter(), limit)
    assert [(v.occurred_at, v.response_id) for v in listed] == sorted(
        (v.occurred_at, v.response_id) for v in listed
    )
    assert len({v.response_id for v in listed}) == len(played.responses()) == 7


def test_every_combination_of_filters_equals_a_naive_scan(reads, played):
    everything = _all(reads, ResponseFilter(), 100)
    start = played.clock() - DAY - 3_600_000
    values = {
        "campaign_id": [None, c.CAMPAIGN, named_id("none")],
        "channel": [None, "email", "web_form"],
        "type": [None, "click", "call"],
        "status": [None, "new", "closed"],
        "received_from": [None, start + 21 * MINUTE],
        "received_to": [None, start + 22 * MINUTE],
    }
    for chosen in itertools.product(*values.values()):
        only = ResponseFilter(**dict(zip(values, chosen, strict=True)))
        assert _all(reads, only, 3) == [v for v in everything if _fits(v, only)]


def _fits(view, only: ResponseFilter) -> bool:
    at = int(view.occurred_at.timestamp() * 1000)
    return (
        all(
            getattr(only, name) in (None, getattr(view, name))
            for name in ("campaign_id", "channel", "type", "status")
        )
        and (only.received_from is None or at >= only.received_from)
        and (only.received_to is None or at < only.received_to)
    )


def test_web_means_form_and_click_on_the_web(reads, played):
    web = _all(reads, ResponseFilter(channel="web"), 100)
    assert {view.channel for view in web} == {"web_form"}


def test_personal_values_are_opened_for_readers(reads, played):
    contact = reads.contact("demo", c.person(1))
    assert (contact.email, contact.country) == ([c.address(1)], "PL")
    rows = reads.contacts("demo", None, 2)
    assert len(rows.data) == 2
    assert len(reads.contacts("demo", rows.next_cursor, 2).data) == 1


def test_a_journey_is_in_order_and_tells_campaign_and_verdict(reads, played):
    steps, after = [], None
    while True:
        rows = reads.journey("demo", c.person(1), Past(), after, 2)
        steps += rows.data
        after = rows.next_cursor
        if after is None:
            break
    types = [step.type for step in steps]
    assert types[:2] == ["email.sent", "email.delivered"]
    assert set(types[2:4]) == {"email.clicked", "response.captured"}  # at the same moment
    click = steps[types.index("email.clicked")]
    assert (click.verdict, click.campaign_id, click.activity_id) == ("human", c.CAMPAIGN, c.EMAIL)
    assert "form.submitted" in types  # keyed by the address, joined by identity
    whole = reads.journey("demo", c.person(1), Past(), None, 100).data
    assert whole == steps
    early = played.clock() - DAY - 3_600_000
    steps = reads.journey("demo", c.person(1), Past(as_of=early), None, 100).data
    assert [step.type for step in steps] == ["email.sent"]


def test_workspaces_do_not_see_each_other(reads, played):
    assert reads.responses("other", ResponseFilter(), None, 10).data == []
    assert reads.contacts("other", None, 10).data == []
    with pytest.raises(NotFound):
        reads.contact("other", c.person(1))
    with pytest.raises(NotFound):
        reads.journey("other", c.person(1), Past(), None, 10)
    with pytest.raises(NotFound):
        reads.response("other", played.responses()[0].response_id)


@pytest.mark.parametrize("cursor", ["", "x", "WzFd", "a" * 600, "W10", "é"])
def test_a_cursor_that_no_list_gave_is_refused(reads, played, cursor):
    with pytest.raises(InvalidInput):
        reads.responses("demo", ResponseFilter(), cursor, 10)


def test_a_retracted_response_is_still_read_by_its_id(reads, world):
    start = world.clock() - DAY
    at = start + 10 * MINUTE
    world.append(*c.planned(world), c.contact(world, 0), *c.sent(world, 0, start))
    world.append(c.clicked(world, 0, at))
    world.run()
    (only,) = world.responses()
    world.append(*(c.clicked(world, 0, at + 1000 + n, link=c.LINKS[n]) for n in range(1, 5)))
    world.run()
    assert _all(reads, ResponseFilter(), 10) == []
    view = reads.response("demo", only.response_id)
    assert (view.retracted, view.type, view.campaign_id) == (True, "click", c.CAMPAIGN)


def test_waiting_for_what_is_not_there_yet_ends_as_stale(reads, world):
    appended = world.append(c.contact(world, 0))
    world.clock.now = int(world.clock.now)
    with pytest.raises(Stale):
        reads.wait_for(appended.cursor, 0)
    world.run()
    reads.wait_for(appended.cursor, 1)


def test_newest_responses_are_the_list_backwards(reads, played):
    for only in (ResponseFilter(), ResponseFilter(type="click")):
        before, found = None, []
        while True:
            rows = reads.newest_responses("demo", only, before, 2)
            found += rows.data
            before = rows.next_cursor
            if before is None:
                break
        assert found == _all(reads, only, 100)[::-1]
    with pytest.raises(InvalidInput):
        reads.newest_responses("demo", ResponseFilter(), "rubbish", 2)
    assert reads.newest_responses("other", ResponseFilter(), None, 2).data == []


def test_tallies_add_up_to_the_countable_responses(reads, played):
    for campaign, by in itertools.product(
        (None, c.CAMPAIGN, named_id("none")), ("channel", "country", "hour", "day")
    ):
        query = TallyQuery(by=by, campaign_id=campaign, time_zone="America/New_York")
        rows = reads.tally("demo", query)
        (group,) = played.kpis(campaign_id=campaign)
        assert sum(row.responses for row in rows) == group.kpis["reviewed_share"].denominator
        assert reads.tally("other", query) == []


def test_tallies_follow_the_clock_of_the_workspace(reads, world):
    # On 2026-11-01 New York's clocks show the hour from one to two twice.
    one_o_clock = 1_793_509_200_000
    world.clock.now = one_o_clock + DAY
    world.append(*c.planned(world))
    for number, minutes in enumerate((30, 90, 150), 1):
        world.append(c.called(world, number, one_o_clock + minutes * MINUTE))
    world.run()
    hours = reads.tally("demo", TallyQuery(by="hour", time_zone="America/New_York"))
    assert [(row.name, row.responses) for row in hours] == [
        ("2026-11-01T01:00-0400", 1),
        ("2026-11-01T01:00-0500", 1),
        ("2026-11-01T02:00-0500", 1),
    ]
    days = reads.tally("demo", TallyQuery(by="day", time_zone="Asia/Tokyo"))
    assert [(row.name, row.responses) for row in days] == [("2026-11-01", 3)]


def test_contacts_are_found_by_address_and_by_id(reads, played):
    assert reads.contact_at("demo", c.address(1)).contact_id == c.person(1)
    for address in ("nobody@example.com", "", "x" * 300):
        with pytest.raises(NotFound):
            reads.contact_at("demo", address)
    with pytest.raises(NotFound):
        reads.contact_at("other", c.address(1))
    asked = [c.person(0), c.person(2), named_id("nobody")]
    named = reads.contacts_named("demo", asked)
    assert {view.contact_id for view in named} == {c.person(0), c.person(2)}
    assert reads.contacts_named("demo", []) == []
