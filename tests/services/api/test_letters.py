"""Dead letters over HTTP: an admin's own workspace, listed and retried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.parts import Parts
from tests.services.api.caller import Caller
from tests.services.api.fake_letters import NAME, SomeLetters
from tests.support.parts import make_keys


@pytest.fixture
def parts(parts: Parts) -> Parts:
    return replace(parts, letters=SomeLetters())


def test_letters_of_the_workspace_are_listed(admin: Caller) -> None:
    (one,) = admin.get("/dead-letters").json()["data"]
    assert one == {
        "letter": NAME, "projection": "rows", "event_id": "e", "type": "x.y.v1", "error": "no",
        "first_failed_at": "1970-01-01T00:00:01.000Z", "solved": False,
    }  # fmt: skip


def test_a_letter_is_retried(admin: Caller) -> None:
    reply = admin.post(f"/dead-letters/{NAME}/retry", {})
    assert (reply.status_code, reply.json()["solved"]) == (200, True)
    assert admin.get("/dead-letters").json()["data"] == []


def test_letters_of_others_are_not_there(admin: Caller) -> None:
    for name in ("rows/answerback.facts.v1/1/8", "rows/answerback.facts.v1/1/9"):
        assert admin.post(f"/dead-letters/{name}/retry", {}).status_code == 404


def test_only_an_admin_sees_letters(parts: Parts) -> None:
    reader = Caller(parts, make_keys(parts).read)
    assert reader.get("/dead-letters").status_code == 403


def test_a_process_without_read_models_says_so(parts: Parts) -> None:
    without = replace(parts, letters=None)
    assert Caller(without, make_keys(parts).admin).get("/dead-letters").status_code == 503
