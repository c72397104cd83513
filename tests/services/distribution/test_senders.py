"""Messages are pushed to senders: signed, in order, once where all is well, again where not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.api.desk import Desk
from services.distribution.outcomes import NO_OUTCOME_AFTER, Outcomes
from services.sending.courier import Answer, Courier
from services.sending.running import PAGE, Senders
from services.settings import Settings
from tests.services.api.caller import problem
from tests.support.listed import settle
from tests.support.office import Office, people
from tests.support.receiver import Receiver, receiving
from tests.support.world import World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def office(tmp_path: Path, receiver: Receiver) -> Iterator[Office]:
    settings = Settings(data=Path("unused"), sender_origins=(receiver.url,))
    with World(tmp_path) as world:
        # What senders verify with compares times with the machine's own.
        world.clock.advance(time.time_ns() // 1_000_000 - world.clock())
        yield Office(world, settings=settings)


@pytest.fixture
def senders(office: Office) -> Iterator[Senders]:
    made = Senders(office.parts, Desk(office.parts).commander)
    yield made
    made.stop()


def registered(office: Office, receiver: Receiver, **fields: Any) -> str:
    said = {"name": "Mailer", "url": receiver.url + "/hook", **fields}
    sender: str = office.caller.done("/senders", said)["sender_id"]
    receiver.secret = office.caller.get(f"/senders/{sender}/secret").json()["secret"]
    return sender


def distributed(office: Office, count: int, first: int = 1) -> str:
    """An activity whose audience was decided on."""
    list_id = office.static_list(*people(office, *range(first, first + count)), name=f"L{first}")
    _, activity = office.launched(list_id)
    assert office.distribute(activity)["prepared"] == count
    return activity


def pushes(office: Office, sender: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = office.caller.get(f"/senders/{sender}/pushes").json()["data"]
    return told


def test_all_messages_are_pushed_in_pages_once(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    sender = registered(office, receiver)
    activity = distributed(office, PAGE + 5)
    assert senders.turn()
    assert senders.turn()
    assert not senders.turn()
    assert [len(body["data"]["messages"]) for body in receiver.bodies] == [PAGE, 5]
    outbox = office.caller.get(f"/activities/{activity}/outbox", limit=200).json()["data"]
    assert receiver.messages == outbox
    assert len(set(receiver.ids)) == 2
    (push,) = pushes(office, sender)
    assert (push["state"], push["taken"], push["error"]) == ("done", PAGE + 5, "")
    assert receiver.bodies[0]["type"] == "messages.prepared"
    assert receiver.bodies[0]["data"]["activity_id"] == activity


def test_what_is_not_taken_is_sent_again_later_under_the_same_name(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    sender = registered(office, receiver)
    distributed(office, 3)
    receiver.answers = [500, 302]
    assert not senders.turn()
    (push,) = pushes(office, sender)
    assert (push["attempts"], push["error"], push["taken"]) == (1, "answered 500", 0)
    assert not senders.turn()
    assert len(receiver.ids) == 1  # not before its time
    office.world.clock.advance(5_000)
    assert not senders.turn()  # nor is a redirect followed
    office.world.clock.advance(30_000)
    assert senders.turn()
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1
    assert len(receiver.messages) == 3
    (push,) = pushes(office, sender)
    assert (push["attempts"], push["next_at"], push["taken"]) == (0, None, 3)


def test_a_sender_that_is_gone_is_left_alone_until_told(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    sender = registered(office, receiver)
    distributed(office, 1)
    receiver.answers = [410]
    assert not senders.turn()
    office.world.clock.advance(86_400_000)
    assert not senders.turn()
    assert pushes(office, sender)[0]["state"] == "refused"
    assert len(receiver.ids) == 1
    office.world.clock.advance(time.time_ns() // 1_000_000 - office.world.clock())
    told = office.caller.done(f"/senders/{sender}/retry")["data"][0]
    assert (told["state"], told["attempts"]) == ("pushing", 0)
    assert senders.turn()
    assert len(receiver.messages) == 1


def test_nobody_there_and_answers_without_end_are_failures(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    sender = registered(office, receiver, url=receiver.url + "/hook")
    distributed(office, 1)
    senders._courier = Courier(deadline_seconds=0.5)
    receiver.drip = True
    assert not senders.turn()
    assert pushes(office, sender)[0]["error"] == "no answer within 0.5 seconds"
    nobody = Courier().send("http://127.0.0.1:9/", {}, b"{}")
    assert (nobody.status, nobody.is_taken) == (0, False)
    assert "ConnectError" in nobody.detail


def test_of_two_processes_one_sends_a_page(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    registered(office, receiver)
    for place in range(4):
        distributed(office, 2, first=1 + 10 * place)
    other = Senders(office.parts, Desk(office.parts).commander)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.turn(), (senders, other)))
    other.stop()
    while senders.turn():
        pass
    names = [message["message_id"] for message in receiver.messages]
    assert len(names) == len(set(names)) == 8


def test_what_may_not_go_out_is_not_pushed(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    """... of a suspended campaign, to senders that are off, or that take other channels."""
    sender = registered(office, receiver, channels=["sms"])
    campaign = office.caller.get(f"/activities/{distributed(office, 1)}").json()["campaign_id"]
    assert not senders.turn()
    office.caller.patch(f"/senders/{sender}", {"channels": [], "enabled": False})
    assert not senders.turn()
    office.caller.patch(f"/senders/{sender}", {"enabled": True})
    office.caller.done(f"/campaigns/{campaign}/suspend")
    assert not senders.turn()
    assert receiver.ids == []
    office.caller.done(f"/campaigns/{campaign}/resume")
    settle(office.world)
    assert senders.turn()


def test_only_places_that_the_operator_named_are_pushed_to(
    office: Office, receiver: Receiver
) -> None:
    for url in ("http://127.0.0.1:1/hook", "https://example.com/", "http://localhost/x",
                receiver.url.replace("http", "https")):  # fmt: skip
        refused = problem(office.caller.post("/senders", {"name": "x", "url": url}), 422)
        assert "ANSWERBACK_SENDER_ORIGINS" in refused["detail"]
        problem(office.caller.post("/registries/sender", {"name": "x", "url": url}), 422)
    sender = registered(office, receiver)
    problem(office.caller.patch(f"/senders/{sender}", {"url": "http://169.254.169.254/"}), 422)


@pytest.mark.parametrize(
    "url", ["http://a.example:99999/", "http://a.example:x/", "http://[::1/", "http://[x]/"]
)
def test_what_is_no_address_is_refused(office: Office, url: str) -> None:
    for path in ("/senders", "/registries/sender"):
        problem(office.caller.post(path, {"name": "x", "url": url}), 422)


def test_what_was_taken_while_somebody_has_it_tried_again_is_not_sent_twice(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    sender = registered(office, receiver)
    distributed(office, 1)
    receiver.answers = [500]
    assert not senders.turn()
    office.world.clock.advance(5_000)

    class Impatient(Courier):
        def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            answer = super().send(url, headers, body)
            office.caller.done(f"/senders/{sender}/retry")
            return answer

    senders._courier = Impatient()
    assert senders.turn()
    while senders.turn():
        pass
    assert len(receiver.messages) == 1


def test_what_was_given_up_meanwhile_does_not_go_out(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    office.world.clock.advance(-(NO_OUTCOME_AFTER + 120_000))
    registered(office, receiver)
    activity = distributed(office, 1)
    campaign = office.caller.get(f"/activities/{activity}").json()["campaign_id"]
    office.caller.done(f"/campaigns/{campaign}/suspend")
    office.world.clock.advance(NO_OUTCOME_AFTER + 60_000)
    settle(office.world)
    assert Outcomes(office.parts, Desk(office.parts).commander).turn()
    office.caller.done(f"/campaigns/{campaign}/resume")
    settle(office.world)
    assert not senders.turn()
    assert office.caller.get(f"/activities/{activity}/outbox").json()["data"] == []
    assert receiver.ids == []


def test_of_two_senders_one_gets_an_activity(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    """... and the other goes on where it ended, once that one is switched off."""
    first, second = sorted(registered(office, receiver, name=name) for name in ("One", "Two"))
    distributed(office, PAGE + 5)
    receiver.secret = office.caller.get(f"/senders/{first}/secret").json()["secret"]
    assert senders.turn()
    office.caller.patch(f"/senders/{first}", {"enabled": False})
    receiver.secret = office.caller.get(f"/senders/{second}/secret").json()["secret"]
    settle(office.world)
    assert senders.turn()
    assert not senders.turn()
    names = [message["message_id"] for message in receiver.messages]
    assert len(names) == len(set(names)) == PAGE + 5
    assert pushes(office, second)[0]["taken"] == PAGE + 5


def test_what_was_told_of_already_is_not_pushed(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    """Somebody took it from the outbox, and has reported it as sent."""
    activity = distributed(office, 2)
    (first, second) = office.caller.get(f"/activities/{activity}/outbox").json()["data"]
    office.heard("email.sent", 1, message_id=first["message_id"], activity_id=activity,
                 provider="p", content_version_id=first["content_version_id"],
                 provider_message_id="m1", address=first["address"])  # fmt: skip
    settle(office.world)
    registered(office, receiver)
    settle(office.world)
    assert senders.turn()
    assert [one["message_id"] for one in receiver.messages] == [second["message_id"]]


def test_secrets_follow_the_token_keys(
    office: Office, receiver: Receiver, senders: Senders
) -> None:
    """What was handed out before the keys were turned is good until they are turned once more."""
    sender = registered(office, receiver)
    distributed(office, 1)
    office.parts.vault.rotate_tokens("demo")
    newer = office.caller.get(f"/senders/{sender}/secret").json()["secret"]
    assert newer != receiver.secret
    assert senders.turn()
    receiver.secret = newer
    distributed(office, 1, first=20)
    assert senders.turn()
