"""Two requests, two processes, and what is still on its way: nobody is lost or written to twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from events.sql.gate import SqlGate
from events.sql.outbox import Relay
from schemas.ids import message_id
from services.distribution import knowing
from tests.services.api.caller import problem
from tests.support.listed import settle
from tests.support.office import ANN, BOB, Office, people, told
from tests.support.world import World


def written(office: Office) -> set[UUID]:
    return {one.message_id for one in told(office, "message.prepared")}


def test_of_two_requests_each_has_pages_of_its_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = office.static_list(*people(office, 1, 2), name="First")
    second = office.static_list(*people(office, 3), name="Second")
    _, activity = office.launched(first)
    settle(office.world)
    import services.api.activities as api

    pin, asked = api.pin, []

    def overtaken(*arguments: Any) -> Any:
        """The request for the second list has come so far when that for the first is done whole."""
        asked.append(1)
        if len(asked) == 1:
            office.caller.done(f"/activities/{activity}/distribute", {"list_ids": [first]})
        return pin(*arguments)

    monkeypatch.setattr(api, "pin", overtaken)
    path = f"/activities/{activity}/distribute"
    problem(office.caller.post(path, {"list_ids": [second]}), 409)
    office.see_through()
    assert written(office) == {message_id(UUID(activity), member) for member in (ANN, BOB)}
    assert office.progress(activity)["left"] == 0


def test_two_processes_keep_the_cap_of_two_activities(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = office.static_list(*people(office, 1))
    activities = [office.launched(chosen, anti_spam_days=7)[1] for _ in range(2)]
    for activity in activities:
        office.begin(activity)
    reads, other, asked = office.parts.reads, office.another_process(), []
    read = reads.recipients

    def beside(workspace: str, query: Any, known: Any) -> Any:
        """While one page is being decided on, another process does the other activity's."""
        found = read(workspace, query, known)
        asked.append(query.activity_id)
        if len(asked) == 1:
            for one in other._under_way("demo"):
                if one[1].activity_id != query.activity_id:
                    assert other._one("demo", *one)
            settle(office.world)
        return found

    monkeypatch.setattr(reads, "recipients", beside)
    office.see_through()
    done = [office.progress(activity) for activity in activities]
    assert sorted(one["prepared"] for one in done) == [0, 1]
    assert {"frequency_cap": 1} in [one["excluded"] for one in done]
    assert len(written(office)) == 1


def test_a_page_that_another_process_has_decided_on_is_no_alarm(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    _, activity = office.launched(office.static_list(*people(office, 1)))
    office.begin(activity)
    (found,) = office.distributions._under_way("demo")
    office.another_process().turn()
    assert office.distributions._one("demo", *found)
    assert "stuck" not in caplog.text
    assert office.progress(activity)["state"] == "done"


def test_a_sender_is_never_told_of_an_end_that_is_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, activity = office.launched(office.static_list(*people(office, 1, 2)))
    office.begin(activity)
    assert office.distributions.turn()  # decided on, and not yet among the columns
    monkeypatch.setattr("projections.reading.reader.PATIENCE", 0)
    for path in ("outbox", "outbox/file"):
        problem(office.caller.get(f"/activities/{activity}/{path}"), 503)
    settle(office.world)
    assert len(office.caller.get(f"/activities/{activity}/outbox").json()["data"]) == 2


def test_what_waits_for_the_relay_is_waited_for(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was put on a list, and who was taken off, just before: the distributed mode's gate."""
    monkeypatch.setattr(knowing, "_PATIENCE_SECONDS", 0)
    with World(tmp_path) as world:
        gate = SqlGate(world.rows, world.clock, uuid4)
        office = Office(world, gate=gate)
        relay = Relay(world.rows, world.log, world.clock)
        people(office, 1, 2)
        chosen = office.static_list(ANN)
        _, activity = office.launched(chosen)
        settle(world)
        put = {"members": [str(BOB)], "member_type": "contact"}
        office.caller.done(f"/lists/{chosen}/members", put)
        office.caller.done(f"/lists/{chosen}/members/remove", {**put, "members": [str(ANN)]})
        problem(office.caller.post(f"/activities/{activity}/distribute"), 503)
        relay.send()
        office.distribute(activity)
        gate.close()
        assert written(office) == {message_id(UUID(activity), BOB)}
