"""Registries and definitions over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.classifier import CLASSIFIER_ID
from schemas.promotion import BUILT_IN, rule_id
from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem, types_of

LINK = {"url": "https://shop.example.com/offer?a=1", "label": "offer"}
RULE = {"events": ["event.tracked"], "response_type": "other", "channel": "others"}


def test_register_link_draws_its_number(admin: Caller, parts: Parts) -> None:
    told = admin.done("/links", LINK)
    assert len(told["number"]) == 16
    assert (told["url"], told["kind"], told["version"]) == (LINK["url"], "content", 1)
    assert admin.get(f"/links/{told['number']}").json()["label"] == "offer"
    assert admin.get(f"/registries/link/{told['number']}").json()["label"] == "offer"
    assert parts.reference.link("demo", told["number"]) is not None


def test_register_takes_a_name_once(admin: Caller) -> None:
    entry = {**LINK, "number": "00000000000000ff"}
    admin.done("/links", entry)
    problem(admin.post("/links", entry), 409)


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/links", {}, "/url"),
        ("/links", {"url": "javascript:alert(1)"}, "/url"),
        ("/links", {"url": "https://user@example.com/"}, "/url"),
        ("/links", {"url": "https://example.com/\r\nSet-Cookie: a=b"}, "/url"),
        ("/links", {"url": "/relative"}, "/url"),
        ("/links", {**LINK, "number": "0" * 16}, "/number"),
        ("/links", {**LINK, "number": "XYZ"}, "/number"),
        ("/links", {**LINK, "number": 5}, "/number"),
        ("/links", {**LINK, "kind": "bait"}, "/kind"),
        ("/forms", {"name": "Form"}, "/redirect_url"),
        (
            "/forms",
            {"name": "Form", "redirect_url": LINK["url"], "campaign_id": str(uuid4())},
            "/campaign_id",
        ),
        ("/registries/keyword", {"keyword": "Spring!", "campaign_id": str(uuid4())}, "/keyword"),
        ("/registries/keyword", {"keyword": "spring", "campaign_id": str(uuid4())}, "/campaign_id"),
        ("/registries/webinar", {"name": "No id"}, "/webinar_id"),
        ("/registries/content_version", {"name": "x", "links": ["00000000000000aa"]}, "/links/0"),
    ],
)
def test_register_refuses_what_breaks_a_rule(
    admin: Caller, parts: Parts, path: str, body: dict[str, Any], pointer: str
) -> None:
    told = problem(admin.post(path, body), 422)
    assert told["errors"][0]["pointer"] == pointer
    assert types_of(parts) == []


@pytest.mark.parametrize("strange", [{"a": 1}, [1], 2**63, True])
def test_register_looks_up_no_place_that_is_no_id(admin: Caller, strange: Any) -> None:
    entry = {"webinar_id": "w", "name": "Webinar", "activity_id": strange}
    told = problem(admin.post("/registries/webinar", entry), 422)
    assert told["errors"][0]["pointer"] == "/activity_id"


def test_unknown_registry_or_entry_is_not_found(admin: Caller) -> None:
    problem(admin.post("/registries/secrets", {}), 404)
    problem(admin.get("/registries/secrets"), 404)
    problem(admin.get("/links/00000000000000aa"), 404)
    problem(admin.patch("/forms/none", {"name": "x"}), 404)


def test_change_entry_keeps_its_name_and_counts_versions(admin: Caller, parts: Parts) -> None:
    number = admin.done("/links", LINK)["number"]
    told = admin.patch(f"/links/{number}", {"group": "pricing"}).json()
    assert (told["version"], told["group"], told["label"]) == (2, "pricing", "offer")
    assert admin.patch(f"/links/{number}", {"group": "pricing"}).json()["version"] == 2
    problem(admin.patch(f"/links/{number}", {"number": "00000000000000aa"}), 422)
    problem(admin.patch(f"/links/{number}", {"url": "data:,x"}), 422)
    problem(admin.patch(f"/links/{number}", {"group": "x", "expected_version": 1}), 409)
    problem(admin.patch(f"/links/{number}", {"group": "x", "expected_version": "1"}), 422)
    assert parts.reference.link("demo", number).group == "pricing"  # type: ignore[union-attr]


def test_list_entries_shows_one_registry_only(admin: Caller) -> None:
    numbers = sorted(admin.done("/links", LINK)["number"] for _ in range(3))
    form = admin.done("/forms", {"name": "Form", "redirect_url": LINK["url"]})
    page = admin.get("/links", limit=2).json()
    rest = admin.get("/links", limit=2, cursor=page["next_cursor"]).json()
    assert [e["number"] for e in page["data"] + rest["data"]] == numbers
    assert rest["next_cursor"] is None
    assert [e["form_id"] for e in admin.get("/forms").json()["data"]] == [form["form_id"]]


def test_definition_is_drafted_then_published(admin: Caller, parts: Parts) -> None:
    told = admin.done("/definitions", {"kind": "promotion", "body": RULE})
    path = f"/definitions/{told['definition_id']}"
    assert (told["version"], told["state"], told["published_version"]) == (1, "draft", None)
    told = admin.done(f"{path}/publish")
    assert (told["version"], told["state"], told["published_version"]) == (1, "published", 1)
    assert admin.done(f"{path}/publish", {"version": 1})["revision"] == told["revision"]
    problem(admin.post(f"{path}/publish", {"version": 2}), 422)
    assert types_of(parts) == ["definition.drafted", "definition.published"]
    assert {event.effective_at is not None for event, _ in decisions(parts)} == {True}


def test_definition_in_force_stays_while_a_next_one_is_drafted(admin: Caller) -> None:
    first = admin.done("/definitions", {"body": RULE})
    path = f"/definitions/{first['definition_id']}"
    admin.done(f"{path}/publish")
    body = {**RULE, "channel": "chat"}
    told = admin.done("/definitions", {"definition_id": first["definition_id"], "body": body})
    assert (told["version"], told["published_version"]) == (2, 1)
    assert told["published_body"]["channel"] == "others"
    assert admin.done(f"{path}/publish")["published_body"]["channel"] == "chat"
    assert admin.done(f"{path}/retire")["published_version"] is None
    problem(admin.post(f"{path}/retire"), 409)


def test_built_in_rules_are_listed_and_can_be_changed(admin: Caller) -> None:
    listed = admin.get("/definitions").json()["data"]
    built_in = {*(str(rule.rule_id) for rule in BUILT_IN), str(CLASSIFIER_ID)}
    assert {row["definition_id"] for row in listed} == built_in
    name = str(rule_id("form"))
    body = admin.get(f"/definitions/{name}").json()["body"]
    off = {"definition_id": name, "body": {**body, "enabled": False}}
    assert admin.done("/definitions", off)["version"] == 2
    assert admin.done(f"/definitions/{name}/publish")["published_body"]["enabled"] is False
    assert len(admin.get("/definitions").json()["data"]) == len(built_in)


def test_the_classifier_is_one_definition(admin: Caller) -> None:
    """... whose versions are drafted on the built-in one, whether its id is sent or not."""
    path = f"/definitions/{CLASSIFIER_ID}"
    assert admin.get(path).json()["body"]["burst_links"] == 5
    told = admin.done("/definitions", {"kind": "classifier", "body": {"tools": ["Curl/ "]}})
    assert (told["definition_id"], told["version"]) == (str(CLASSIFIER_ID), 2)
    assert (told["body"]["tools"], told["body"]["burst_span"]) == (["curl/"], 10_000)
    assert told["published_version"] == 1
    assert admin.done(f"{path}/publish")["published_version"] == 2
    assert admin.done(f"{path}/retire")["published_version"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"definition_id": str(rule_id("x")), "body": {}}, "/definition_id"),
        ({"body": {"burst_link": 3}}, "/body/burst_link"),
        ({"body": {"burst_links": 1}}, "/body/burst_links"),
        ({"body": {"after_delivery": 3_600_001}}, "/body/after_delivery"),
        ({"body": {"tools": ["ab"]}}, "/body/tools/0"),
        ({"body": {"tools": ["abc"] * 501}}, "/body/tools"),
    ],
)
def test_a_classifier_that_cannot_be_used_is_refused(
    admin: Caller, body: dict[str, Any], pointer: str
) -> None:
    refused = admin.post("/definitions", {"kind": "classifier", **body})
    assert problem(refused, 422)["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "horoscope", "body": {}}, "/kind"),
        ({"body": {}}, "/body/events"),
        ({"body": {**RULE, "events": ["event.imagined"]}}, "/body/events"),
        ({"body": {**RULE, "events": ["response.reviewed"]}}, "/body/events"),
        ({"body": {**RULE, "where": [{"prop": "a", "op": "between", "value": [1]}]}},
         "/body/where/0/value"),
        ({"body": {**RULE, "channel": "telepathy"}}, "/body/channel"),
        ({"body": "x"}, "/body"),
        ({"kind": "promotion"}, "/body"),
    ],
)  # fmt: skip
def test_draft_refuses_a_rule_that_cannot_work(
    admin: Caller, body: dict[str, Any], pointer: str
) -> None:
    told = problem(admin.post("/definitions", body), 422)
    assert told["errors"][0]["pointer"] == pointer


def test_unknown_definition_is_not_found(admin: Caller) -> None:
    name = UUID(int=5)
    problem(admin.get(f"/definitions/{name}"), 404)
    problem(admin.post(f"/definitions/{name}/publish"), 404)
    problem(admin.post(f"/definitions/{name}/retire"), 404)
