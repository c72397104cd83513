from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from events.codec import payload_of
from schemas.catalogue import Topic
from schemas.facts.form import FormRejected, FormSubmitted
from schemas.fields import SealedValue, StoredAddress
from schemas.ids import event_id
from services.collector.tokens import Purpose
from services.settings import Settings
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import FORM, ORIGIN, THANKS, Site
from tests.support.parts import make_parts, register

PATH = f"/f/{FORM}"
VISITOR = UUID("44444444-4444-4444-8444-444444444444")
GOOD = {"name": "Ann", "email": "Ann@Example.com", "country": "de"}


@pytest.fixture
def site(site: Site) -> Site:
    site.register_form()
    return site


def post(site: Site, fields: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    sent = {"Origin": ORIGIN, **headers}
    return site.ask("POST", PATH, data=GOOD if fields is None else fields, headers=sent)


def submitted(site: Site) -> FormSubmitted:
    payload = payload_of(site.event())
    assert isinstance(payload, FormSubmitted)
    return payload


def rejected(site: Site) -> FormRejected:
    payload = payload_of(site.event())
    assert isinstance(payload, FormRejected)
    return payload


def opened(site: Site, value: Any) -> Any:
    assert isinstance(value, SealedValue)
    return site.parts.sealer.open("demo", value)


def test_a_submission_is_stored_and_the_person_sent_on(site: Site) -> None:
    reply = post(site, {**GOOD, "ab_visitor": str(VISITOR), "ab_submission": "s-1"})
    assert (reply.status_code, reply.headers["location"]) == (303, THANKS)
    assert not {"set-cookie", "etag"} & set(reply.headers)
    event, form = site.event(), submitted(site)
    assert event.event_id == event_id("demo", f"form:{FORM}", "s-1")
    assert event.external_id == form.submission_id == "s-1"
    assert event.occurred_at == site.parts.clock()
    assert form.form_id == FORM
    assert form.visitor_id == VISITOR
    assert form.country == "DE"
    assert form.url == ORIGIN
    assert opened(site, form.fields) == GOOD


def test_the_address_keys_the_submission_and_is_stored_sealed(site: Site) -> None:
    post(site)
    event, form = site.event(), submitted(site)
    assert isinstance(form.address, StoredAddress)
    assert event.key == f"demo:{form.address.hash}"
    assert form.address.hash == site.parts.sealer.hash_of("demo", "ann@example.com")
    assert b"ann" not in event.data.lower()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"data": GOOD}, id="urlencoded"),
        pytest.param({"files": {n: (None, v) for n, v in GOOD.items()}}, id="multipart"),
        pytest.param({"json": GOOD}, id="json"),
    ],
)
def test_every_encoding_says_the_same(site: Site, sent: dict[str, Any]) -> None:
    reply = site.ask("POST", PATH, headers={"Origin": ORIGIN}, **sent)
    assert reply.status_code == (201 if "json" in sent else 303)
    assert opened(site, submitted(site).fields) == GOOD


def test_json_is_answered_with_the_id_and_the_position(site: Site) -> None:
    reply = site.ask("POST", PATH, json={**GOOD, "ab_submission": "s-9"})
    assert reply.status_code == 201
    assert reply.json()["submission_id"] == "s-9"
    assert reply.json()["position"]


def test_the_same_submission_twice_is_one_event(site: Site) -> None:
    for _ in range(2):
        assert post(site, {**GOOD, "ab_submission": "s-1"}).status_code == 303
        site.parts.clock.advance(1500)  # type: ignore[attr-defined]  # the tests' own clock
    assert len(site.events()) == 1
    assert site.events(Topic.DERIVED) == []


def test_another_content_under_the_same_submission_is_told(site: Site) -> None:
    post(site, {**GOOD, "ab_submission": "s-1"})
    post(site, {**GOOD, "country": "fr", "ab_submission": "s-1"})
    assert len(site.events()) == 1
    assert "country" in site.data(Topic.DERIVED)["difference"]


def test_page_and_campaign_come_from_the_referer(site: Site) -> None:
    referer = f"{ORIGIN}/spring?utm_source=mail&email=ann@example.com&utm_campaign=SPRING#x"
    post(site, {**GOOD, "utm_campaign": "OTHER"}, Referer=referer)
    form = submitted(site)
    assert form.url == f"{ORIGIN}/spring"
    assert form.utm == {"utm_source": "mail", "utm_campaign": "OTHER"}
    assert form.hit.headers["referer"] == ORIGIN


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"name": "Ann"}, {"/email"}),
        ({"email": "  "}, {"/email"}),
        ({"email": "no address"}, {"/email"}),
        ({"email": "a@b"}, {"/email"}),
        ({"email": "a@" + "b" * 300 + ".example"}, {"/email"}),
        ({**GOOD, "name": "x" * 21, "country": "Germany"}, {"/name", "/country"}),
    ],
)
def test_a_field_that_does_not_fit_is_pointed_at(
    site: Site, fields: dict[str, str], pointers: set[str]
) -> None:
    reply = post(site, fields)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in reply.json()["errors"]} == pointers
    assert site.events() == []


def test_a_browser_gets_a_page_that_says_what_is_missing(site: Site) -> None:
    reply = post(site, {"email": "<script>"}, Accept="text/html,*/*;q=0.8")
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "Enter an e-mail address" in reply.text
    assert "<script>" not in reply.text


def test_a_browser_gets_the_form_again_and_can_send_it(site: Site) -> None:
    sent = {"name": "Ann", "email": "x", "ab_submission": "s-9", "utm_source": "a&b", "note": '"'}
    again = post(site, sent, Accept="text/html")
    fields = dict(re.findall(r'name="([^"]*)" (?:value="([^"]*)")?', again.text))
    assert fields["name"] == "Ann"
    assert (fields["ab_submission"], fields["utm_source"]) == ("s-9", "a&amp;b")
    assert fields["note"] == "&quot;"
    assert fields["website"] == ""
    assert again.headers["referrer-policy"] == "same-origin"
    own = site.parts.settings.public_url
    reply = post(site, {**sent, "email": "ann@example.com"}, Origin=own, Accept="text/html")
    assert (reply.status_code, reply.headers["location"]) == (303, THANKS)
    assert submitted(site).submission_id == "s-9"


def test_the_page_may_ask_for_a_token_when_it_shows_the_form(site: Site) -> None:
    reply = site.ask("GET", PATH, headers={"Origin": ORIGIN})
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    token = reply.json()["ab_token"]
    post(site, {**GOOD, "ab_token": token})
    assert rejected(site).reason == "too_fast"


def test_a_token_of_another_day_tells_nothing(site: Site) -> None:
    token = site.token(Purpose.FORM, about=FORM, expiry=site.parts.clock() // 1000 - 86_401)
    post(site, {**GOOD, "ab_token": token})
    assert submitted(site).seconds_on_form is None


def test_what_is_turned_away_keeps_what_accepting_it_needs(site: Site) -> None:
    post(site, {**GOOD, "website": "x", "utm_source": "mail"}, Referer=ORIGIN + "/a?b=c")
    kept = rejected(site)
    assert (kept.url, kept.utm) == (ORIGIN + "/a", {"utm_source": "mail"})
    assert kept.hit is not None
    assert kept.hit.ip == "203.0.113.0"
    # The address of somebody else must not lead to that person.
    assert site.event().subject_id == str(site.event().event_id)


def test_a_filled_honeypot_gets_the_same_answer_and_is_stored_apart(site: Site) -> None:
    reply = post(site, {**GOOD, "website": "https://spam.example"})
    assert (reply.status_code, reply.headers["location"]) == (303, THANKS)
    assert site.event().type == "form.rejected"
    kept = rejected(site)
    assert kept.reason == "honeypot"
    assert opened(site, kept.fields)["website"] == "https://spam.example"


def test_an_empty_honeypot_is_a_person(site: Site) -> None:
    post(site, {**GOOD, "website": ""})
    assert "website" not in opened(site, submitted(site).fields)


@pytest.mark.parametrize(("seconds", "stored"), [(1, "form.rejected"), (2, "form.submitted")])
def test_a_form_sent_faster_than_people_write(site: Site, seconds: int, stored: str) -> None:
    now = site.parts.clock() // 1000
    token = site.token(Purpose.FORM, about=FORM, expiry=now - seconds)
    assert post(site, {**GOOD, "ab_token": token}).status_code == 303
    assert site.event().type == stored


def test_the_token_tells_how_long_the_form_was_seen(site: Site) -> None:
    token = site.token(Purpose.FORM, about=FORM, expiry=site.parts.clock() // 1000 - 95)
    post(site, {**GOOD, "ab_token": token})
    assert submitted(site).seconds_on_form == 95


@pytest.mark.parametrize("wrong", ["rubbish", "another form", "another purpose", "the future"])
def test_a_token_that_is_not_the_forms_tells_nothing(site: Site, wrong: str) -> None:
    now = site.parts.clock() // 1000
    token = {
        "rubbish": "x" * 88,
        "another form": site.token(Purpose.FORM, about=VISITOR, expiry=now),
        "another purpose": site.token(Purpose.OPEN, about=FORM, expiry=now),
        "the future": site.token(Purpose.FORM, about=FORM, expiry=now + 60),
    }[wrong]
    post(site, {**GOOD, "ab_token": token})
    assert submitted(site).seconds_on_form is None


def test_damaged_fields_of_the_script_do_not_cost_the_submission(site: Site) -> None:
    own = {"ab_visitor": "nobody", "ab_share": "7", "ab_submission": "x" * 201}
    assert post(site, {**GOOD, **own}).status_code == 303
    form = submitted(site)
    assert (form.visitor_id, form.share_id) == (None, None)
    assert len(form.submission_id) == 32


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example"])
def test_a_page_that_the_form_does_not_list_is_refused(site: Site, origin: str) -> None:
    assert post(site, Origin=origin).status_code == 403
    assert site.events() == []


def test_a_client_without_an_origin_is_let_in(site: Site) -> None:
    assert site.ask("POST", PATH, data=GOOD).status_code == 303


def test_a_form_without_a_list_takes_all_origins(site: Site) -> None:
    site.register_form(version=2, origins=[])
    reply = post(site, Origin="https://anywhere.example")
    assert reply.status_code == 303
    assert reply.headers["access-control-allow-origin"] == "https://anywhere.example"
    assert reply.headers["vary"] == "Origin"


def test_too_many_from_one_address_are_kept_apart_and_then_not_at_all() -> None:
    site = Site(make_parts(settings=Settings(form_rate_per_minute=2)))
    site.register_form()
    assert [post(site).status_code for _ in range(6)] == [303, 303, 429, 429, 429, 429]
    assert sorted(e.type for e in site.events()) == ["form.rejected"] * 2 + ["form.submitted"] * 2
    assert 1 <= int(post(site).headers["retry-after"]) <= 60
    site.peer = "198.51.100.1"
    assert post(site).status_code == 303
    site.peer = "203.0.113.77"
    site.parts.clock.advance(60_000)  # type: ignore[attr-defined]  # the tests' own clock
    assert post(site).status_code == 303


@pytest.mark.parametrize("path", ["/f/", "/f/x", f"/f/{VISITOR}", f"/f/{FORM}/more"])
def test_an_unknown_form_is_not_found(site: Site, path: str) -> None:
    assert site.ask("POST", path, data=GOOD).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_with_allow(site: Site, method: str) -> None:
    reply = site.ask(method, PATH)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_log_that_is_down_is_told() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    site.register_form()
    log.fails = True
    reply = post(site)
    assert reply.status_code == 503
    assert orjson.loads(reply.content)["type"] == "urn:answerback:problem:log-unavailable"


def test_nobody_can_take_another_workspaces_form(site: Site) -> None:
    site.parts.access.create_workspace("thief", "UTC", "EUR")
    site.parts.clock.advance(1)  # type: ignore[attr-defined]  # the tests' own clock
    entry = {"form_id": str(FORM), "name": "Mine", "redirect_url": "https://thief.example"}
    register(site.parts, "form", entry, workspace="thief")
    assert post(site).headers["location"] == THANKS
    assert site.event().workspace == "demo"
