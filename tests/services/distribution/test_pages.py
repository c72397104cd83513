"""Distributions go on by pages: paused, resumed, canceled, and never on what is old news."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from schemas.ids import message_id
from tests.services.api.caller import problem
from tests.support import campaign as c
from tests.support.listed import DAY, settle
from tests.support.office import ANN, Office, people, told


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.distribution.pages.PAGE", 2)


@pytest.mark.usefixtures("small_pages")
def test_it_is_paused_and_resumed_between_pages_by_whichever_process(office: Office) -> None:
    _, activity = office.launched(office.static_list(*people(office, 1, 2, 3, 4, 5)))
    office.begin(activity)
    assert office.distributions.turn()
    assert office.progress(activity)["left"] == 3
    assert office.caller.done(f"/activities/{activity}/distribution/pause")["state"] == "paused"
    assert not office.distributions.turn()
    assert office.caller.done(f"/activities/{activity}/distribution/pause")["state"] == "paused"
    assert office.caller.done(f"/activities/{activity}/distribution/resume")["state"] == "running"
    settle(office.world)
    assert office.another_process().turn()
    assert office.progress(activity)["left"] == 1
    office.see_through()
    assert office.progress(activity)["prepared"] == 5
    assert len(told(office, "message.prepared")) == 5
    problem(office.caller.post(f"/activities/{activity}/distribution/pause"), 409)


@pytest.mark.usefixtures("small_pages")
def test_who_withdraws_between_two_pages_is_not_written_to(office: Office) -> None:
    """R21: consent is read for each page, never from a copy."""
    members = sorted(people(office, 1, 2, 3, 4))
    number = [c.person(n) for n in range(5)].index(members[3])
    _, activity = office.launched(office.static_list(*members))
    office.begin(activity)
    office.distributions.turn()
    said = {"channel": "email", "purpose": "marketing", "source": "page"}
    office.heard("consent.withdrawn", number, address=c.address(number), **said)
    office.see_through()
    done = office.progress(activity)
    assert (done["prepared"], done["excluded"]) == (3, {"consent": 1})


def test_nothing_is_decided_before_all_that_was_accepted_is_known(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, activity = office.launched(office.static_list(*people(office, 1, 2)))
    office.begin(activity)
    said = {"channel": "email", "purpose": "marketing", "source": "page"}
    office.heard("consent.withdrawn", 1, address=c.address(1), **said)
    with monkeypatch.context() as impatient:
        impatient.setattr("projections.reading.reader.PATIENCE", 0)
        assert not office.distributions.turn()
    assert office.progress(activity)["left"] == 2
    office.see_through()
    assert office.progress(activity)["excluded"] == {"consent": 1}
    pages = office.parts.gate.states("demo", "audience")
    assert [state.state for _, state in pages] == [b""]  # it is needed no longer


@pytest.mark.usefixtures("small_pages")
def test_nobody_is_written_to_twice_across_pages(office: Office) -> None:
    shared = "office@example.com"
    for number in range(1, 6):
        office.met(number, email=[shared])
    _, activity = office.launched(office.static_list(*(c.person(n) for n in range(1, 6))))
    done = office.distribute(activity)
    assert (done["prepared"], done["excluded"]) == (1, {"duplicate": 4})


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("is_paused", [False, True])
@pytest.mark.parametrize("how", ["distribution/cancel", "cancel", "campaign"])
def test_what_is_canceled_leaves_nobody_pending(office: Office, how: str, is_paused: bool) -> None:
    campaign, activity = office.launched(office.static_list(*people(office, 1, 2, 3, 4, 5)))
    office.begin(activity)
    office.distributions.turn()
    if is_paused:
        office.caller.done(f"/activities/{activity}/distribution/pause")
    path = f"/campaigns/{campaign}/cancel" if how == "campaign" else f"/activities/{activity}/{how}"
    office.caller.done(path)
    office.see_through()
    done = office.progress(activity)
    assert (done["state"], done["prepared"], done["excluded"]) == ("canceled", 2, {"canceled": 3})
    assert office.figures(campaign)["block_rate"] == (3, 5)


@pytest.mark.usefixtures("small_pages")
def test_a_suspended_campaign_sends_nothing_until_it_goes_on(office: Office) -> None:
    campaign, activity = office.launched(office.static_list(*people(office, 1, 2, 3)))
    office.begin(activity)
    office.caller.done(f"/campaigns/{campaign}/suspend")
    settle(office.world)
    assert not office.distributions.turn()
    office.caller.done(f"/campaigns/{campaign}/resume")
    office.see_through()
    assert office.progress(activity)["prepared"] == 3


def test_what_was_read_must_stand_until_it_is_stored(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who suspends a campaign while a page is being decided on stops that very page."""
    campaign, activity = office.launched(office.static_list(*people(office, 1, 2)))
    office.begin(activity)
    reads = office.parts.reads
    read = reads.recipients

    def suspended_meanwhile(*asked: Any) -> Any:
        office.caller.done(f"/campaigns/{campaign}/suspend")
        return read(*asked)

    monkeypatch.setattr(reads, "recipients", suspended_meanwhile)
    with pytest.MonkeyPatch.context() as settling:
        settling.setattr(reads, "_waiting", _NoWaiting())
        office.distributions.turn()
    assert office.progress(activity)["left"] == 2
    assert told(office, "message.prepared") == []


class _NoWaiting:
    """The world stands still while this test decides."""

    def wait_for_sink(self, *_: Any) -> None:
        pass


@pytest.mark.usefixtures("small_pages")
def test_a_sender_takes_every_message_once_with_its_addresses(office: Office) -> None:
    members = people(office, *range(1, 8))
    campaign, activity = office.launched(office.static_list(*members))
    problem(office.caller.get(f"/activities/{activity}/outbox"), 404)
    office.begin(activity)
    office.distributions.turn()
    settle(office.world)
    taken, position = [], None
    while True:
        asked = {"limit": 3} if position is None else {"limit": 3, "cursor": position}
        told = office.caller.get(f"/activities/{activity}/outbox", **asked).json()
        taken += told["data"]
        position = told["position"]
        if not told["data"]:
            if not told["left"]:
                break
            office.distributions.turn()
            settle(office.world)
    assert sorted(one["recipient"] for one in taken) == sorted(map(str, members))
    by_id = {one["recipient"]: one for one in taken}
    ann = by_id[str(ANN)]
    assert ann["address"] == c.address(1)
    assert ann["message_id"] == str(message_id(UUID(activity), ANN))
    assert ann["metadata"] == {"ab_recipient": str(ANN), "ab_message": ann["message_id"]}
    assert ann["headers"]["List-Unsubscribe"] == f"<{ann['unsubscribe_url']}>"
    problem(office.caller.get(f"/activities/{activity}/outbox", cursor="rubbish"), 400)
    file = office.caller.get(f"/activities/{activity}/outbox/file")
    assert file.headers["content-type"] == "application/x-ndjson"
    lines = [orjson.loads(line) for line in file.content.splitlines()]
    assert sorted(lines, key=str) == sorted(taken, key=str)
    office.world.clock.advance(DAY)
    office.met(1, email=["ann@example.org"])
    settle(office.world)
    again = office.caller.get(f"/activities/{activity}/outbox").json()["data"]
    assert [one["address"] for one in again if one["recipient"] == str(ANN)] == [None]
    office.caller.done(f"/campaigns/{campaign}/suspend")
    for path in ("outbox", "outbox/file"):
        refused = problem(office.caller.get(f"/activities/{activity}/{path}"), 409)
        assert "suspended" in refused["detail"]


@pytest.mark.usefixtures("small_pages")
def test_an_activity_closes_only_when_everybody_is_decided_on(office: Office) -> None:
    _, activity = office.launched(office.static_list(*people(office, 1, 2, 3)))
    office.begin(activity)
    refused = problem(office.caller.post(f"/activities/{activity}/close"), 409)
    assert "3 members are left" in refused["detail"]
    office.see_through()
    assert office.caller.done(f"/activities/{activity}/close")["status"] == 2
    assert office.progress(activity)["state"] == "done"
