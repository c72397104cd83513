"""Double opt-in at the door: the GET shows a button, the POST confirms, once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from events.codec import payload_of
from schemas.facts.form import FormConfirmation
from schemas.ids import event_id, submission_id
from services.collector.tokens import Purpose
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import FORM, Site
from tests.support.parts import make_parts

NAME = submission_id("demo", FORM, "s-1")


@pytest.fixture
def site(site: Site) -> Site:
    site.register_form(double_opt_in=True, consent_text="Write to me.", consent_version="v7")
    return site


def path(site: Site, **named: Any) -> str:
    return f"/d/{site.token(Purpose.CONFIRM, **{'recipient': FORM, 'about': NAME, **named})}"


def test_a_get_shows_the_question_and_changes_nothing(site: Site) -> None:
    reply = site.ask("GET", path(site))
    assert reply.status_code == 200
    assert "Write to me." in reply.text
    assert '<form method="post">' in reply.text
    assert site.ask("HEAD", path(site)).status_code == 200
    assert site.events() == []


def test_a_post_confirms_with_proof(site: Site) -> None:
    assert site.ask("POST", path(site), headers={"Sec-GPC": "1"}).status_code == 200
    event = site.event()
    payload = payload_of(event)
    assert isinstance(payload, FormConfirmation)
    assert (event.type, event.occurred_at) == ("form.confirmed", site.parts.clock())
    assert event.event_id == event_id("demo", f"form:{FORM}:confirmed", str(NAME))
    assert event.subject_id == str(NAME) == str(payload.submission)
    assert event.flags == ("gpc",)
    assert payload.form_id == FORM
    assert payload.proof is not None
    assert (payload.proof.text_version, payload.proof.ip) == ("v7", "203.0.113.0")
    assert len(payload.proof.token_id) == 32


def test_a_text_without_a_version_is_told_by_that_of_the_form(site: Site) -> None:
    site.register_form(version=2, double_opt_in=True)
    site.ask("POST", path(site))
    assert site.data()["proof"]["text_version"] == "form 2"


def test_a_second_post_is_a_copy(site: Site) -> None:
    assert site.ask("POST", path(site)).status_code == 200
    site.peer = "198.51.100.9"
    assert site.ask("POST", path(site)).status_code == 200
    assert len(site.events()) == 1


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.CONFIRM])
def test_a_token_of_another_purpose_confirms_nothing(site: Site, purpose: Purpose) -> None:
    text = site.token(purpose, recipient=FORM, about=NAME)
    for method in ("GET", "POST"):
        assert site.ask(method, f"/d/{text}").status_code == 404
    assert site.events() == []


def test_an_expired_token_confirms_nothing(site: Site) -> None:
    old = path(site, expiry=site.parts.clock() // 1000 - 1)
    assert site.ask("GET", old).status_code == 410
    assert site.ask("POST", old).status_code == 410
    assert site.events() == []


def test_rubbish_in_the_path_or_the_body_is_answered(site: Site) -> None:
    for rest in ("", "x", "%00", "a" * 88, "a/b"):
        assert site.ask("POST", f"/d/{rest}").status_code == 404
    assert site.ask("PUT", path(site)).status_code == 405
    assert site.ask("POST", path(site), content=b"\xff" * 1000).status_code == 200
    assert site.ask("POST", path(site), content=b"x" * (2 << 20)).status_code == 413


def test_a_log_that_is_down_confirms_nothing() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    site.register_form(double_opt_in=True)
    log.fails = True
    reply = site.ask("POST", path(site))
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")


def test_a_token_of_one_workspace_confirms_in_no_other(site: Site) -> None:
    site.parts.access.create_workspace("other", "UTC", "EUR")
    theirs = path(site, workspace="other")
    assert "Write to me." not in site.ask("GET", theirs).text
    site.ask("POST", theirs)
    assert (site.event().workspace, UUID(site.event().subject_id)) == ("other", NAME)
