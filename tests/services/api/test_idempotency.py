"""One answer per idempotency key."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from events.gate import ReplyKey
from schemas.errors import KeyReused, StillRunning
from services.api.idempotency import Answer, Once
from services.parts import Parts
from tests.services.api.caller import Caller, problem, types_of
from tests.support.clock import HOUR, SettableClock

RULE = {"events": ["event.tracked"], "response_type": "other", "channel": "others"}
NAME = {"name": "Spring"}


def test_creates_need_a_key(admin: Caller) -> None:
    campaign = admin.campaign()["campaign_id"]
    creates = [
        ("/campaigns", NAME),
        (f"/campaigns/{campaign}/copy", {}),
        (f"/campaigns/{campaign}/activities", {"channel": "email"}),
        ("/links", {"url": "https://example.com/"}),
        ("/forms", {"name": "x", "redirect_url": "https://example.com/"}),
        ("/registries/link", {"url": "https://example.com/"}),
        ("/definitions", {"body": RULE}),
        ("/responses", {"campaign_id": campaign, "type": "call", "first_name": "Ada"}),
    ]
    for path, body in creates:
        reply = admin.ask("POST", f"/api/v1{path}", json=body, headers=admin.headers)
        assert "Idempotency-Key" in problem(reply, 400)["detail"]
        problem(admin.post(path, body, ""), 400)
        problem(admin.post(path, body, "k" * 256), 400)


def test_same_key_gets_the_first_answer(admin: Caller, parts: Parts) -> None:
    first = admin.post("/campaigns", NAME, "one")
    again = admin.post("/campaigns", NAME, '"one"')
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert types_of(parts) == ["campaign.created"]


def test_same_key_with_another_request_is_refused(admin: Caller, parts: Parts) -> None:
    campaign = admin.done("/campaigns", NAME, "one")["campaign_id"]
    problem(admin.post("/campaigns", {"name": "Autumn"}, "one"), 422)
    problem(admin.post(f"/campaigns/{campaign}/approve", NAME, "one"), 422)
    assert types_of(parts) == ["campaign.created"]


def test_key_lives_a_day(admin: Caller, parts: Parts, clock: SettableClock) -> None:
    admin.post("/campaigns", NAME, "one")
    clock.advance(23 * HOUR)
    admin.post("/campaigns", NAME, "one")
    assert len(types_of(parts)) == 1
    clock.advance(2 * HOUR)
    admin.post("/campaigns", NAME, "one")
    assert len(types_of(parts)) == 2


def test_moves_under_a_key_are_not_made_twice(admin: Caller) -> None:
    path = f"/campaigns/{admin.campaign()['campaign_id']}/approve"
    first = admin.post(path, {}, "go")
    assert admin.post(path, {}, "go").content == first.content
    problem(admin.post(path, {}, "again"), 409)


def test_refusals_are_not_kept(admin: Caller) -> None:
    campaign = admin.done("/campaigns", NAME)["campaign_id"]
    path = f"/campaigns/{campaign}/suspend"
    problem(admin.post(path, {}, "go"), 409)
    problem(admin.post(path, {}, "go"), 409)
    problem(admin.post(f"/responses/{uuid4()}/review", {}, "go"), 404)


def test_first_request_that_still_runs_holds_the_key(parts: Parts) -> None:
    once = Once(parts.gate, parts.clock)
    key = ReplyKey("p", "one", "f")
    started, release = threading.Event(), threading.Event()

    def slow() -> Answer:
        started.set()
        release.wait(10)
        return 201, b"{}"

    answers: list[Answer] = []
    first = threading.Thread(target=lambda: answers.append(once.run("demo", key, slow)))
    first.start()
    assert started.wait(10)
    with pytest.raises(StillRunning):
        once.run("demo", key, slow)
    release.set()
    first.join(10)
    assert answers == [(201, b"{}")]
    assert once.run("demo", key, lambda: (200, b"[]")) == (200, b"[]")


def test_key_taken_by_another_process_meanwhile_answers_its_reply(parts: Parts) -> None:
    caller_key = ReplyKey("p", "one", "f")
    once = Once(parts.gate, parts.clock)

    def overtaken() -> Answer:
        raise KeyReused("This idempotency key has been used.")

    with pytest.raises(KeyReused):
        once.run("demo", caller_key, overtaken)
