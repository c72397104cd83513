"""Responses over HTTP: entered, listed, and every step on one."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from events.addresses import address_hash
from schemas.decisions.response import ResponseCaptured
from schemas.facts.consent import ConsentEntry
from schemas.facts.sales import LeadNoted, OpportunityNoted
from schemas.ids import response_id, target_id
from schemas.views import ResponseFilter
from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem, types_of
from tests.services.api.fake_reads import FakeReads, a_contact, a_response

ADA = {"kind": "contact", "id": str(UUID(int=7))}


@pytest.fixture
def campaign(admin: Caller) -> str:
    return str(admin.campaign()["campaign_id"])


@pytest.fixture
def captured(reads: FakeReads, campaign: str) -> str:
    """A response that a rule has made, of a contact."""
    name = uuid4()
    reads.add("demo", a_response(name, UUID(campaign), customer=f"contact:{ADA['id']}"), ADA["id"])
    return str(name)


def entry(campaign: str, **other: Any) -> dict[str, Any]:
    return {
        "campaign_id": campaign,
        "type": "call",
        "customer": ADA,
        "received_at": "2026-10-13",
        **other,
    }


def test_enter_response_needs_four_things_only(admin: Caller, parts: Parts, campaign: str) -> None:
    reply = admin.post("/responses", entry(campaign), "call-1")
    told = reply.json()
    assert reply.status_code == 201
    assert told["response_id"] == str(response_id("demo", UUID(campaign), "manual", "call-1"))
    assert (told["status"], told["code"], told["version"]) == ("new", None, 1)
    event, payload = decisions(parts)[-1]
    assert isinstance(payload, ResponseCaptured)
    assert (payload.channel, payload.source, payload.precision) == ("phone", "manual", "day")
    assert (event.subject_id, event.precision) == (ADA["id"], "day")
    assert event.time == 1_791_849_600_000


def test_enter_response_for_a_person_without_record(
    admin: Caller, parts: Parts, campaign: str
) -> None:
    body = entry(campaign, first_name="Ada", email="Ada@Example.com", telephone="+1 555")
    del body["customer"]
    admin.done("/responses", body)
    event, _ = decisions(parts)[-1]
    assert b"Ada" not in event.data
    assert event.subject_id == address_hash(parts.vault.address_key("demo"), "ada@example.com")


def test_enter_response_again_answers_the_existing_one(
    admin: Caller, parts: Parts, campaign: str, clock: Any
) -> None:
    first = admin.done("/responses", entry(campaign), "call-1")
    assert admin.done("/responses", entry(campaign), "call-1") == first
    admin.done(f"/responses/{first['response_id']}/review")
    clock.advance(25 * 3_600_000)
    reply = admin.post("/responses", entry(campaign), "call-1")
    assert (reply.status_code, reply.json()["status"]) == (200, "reviewed")
    assert types_of(parts).count("response.captured") == 1


@pytest.mark.parametrize(
    ("other", "pointer"),
    [
        ({"campaign_id": str(uuid4())}, "/campaign_id"),
        ({"campaign_id": "spring"}, "/campaign_id"),
        ({"activity_id": str(uuid4())}, "/activity_id"),
        ({"type": "telepathy"}, "/type"),
        ({"customer": None}, "/customer"),
        ({"customer": {"kind": "robot", "id": str(uuid4())}}, "/customer/kind"),
        ({"customer": {"kind": "contact", "id": "7"}}, "/customer/id"),
        ({"received_at": "yesterday"}, "/received_at"),
        ({"received_at": "2036-10-13"}, "/received_at"),
        ({"received_at": "1999-12-31T23:59:59Z"}, "/received_at"),
        ({"received_at": 1}, "/received_at"),
        ({"first_name": "x" * 51}, "/first_name"),
        ({"country": "England"}, "/country"),
        ({"code": "maybe"}, "/code"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_enter_response_refuses_what_breaks_a_rule(
    admin: Caller, parts: Parts, campaign: str, other: dict[str, Any], pointer: str
) -> None:
    told = problem(admin.post("/responses", entry(campaign, **other)), 422)
    assert told["errors"][0]["pointer"] == pointer
    assert "response.captured" not in types_of(parts)


def test_read_response_waits_for_what_the_gate_has(
    admin: Caller, reads: FakeReads, campaign: str
) -> None:
    name = UUID(admin.done("/responses", entry(campaign))["response_id"])
    reads.on_wait = lambda: reads.add("demo", a_response(name, UUID(campaign)), ADA["id"])
    assert admin.get(f"/responses/{name}").json()["response_id"] == str(name)
    problem(admin.get(f"/responses/{uuid4()}"), 404)


def test_list_responses_hands_every_filter_on(admin: Caller, reads: FakeReads) -> None:
    name = uuid4()
    reply = admin.get(
        "/responses", campaign_id=name, channel="web", type="form", status="new", code="question",
        owner_id=name, country="PL", received_from="2026-10-01",
        received_to="2026-10-02T00:00:00+02:00",
    )  # fmt: skip
    assert reply.status_code == 200
    assert reads.asked == [
        ResponseFilter(
            campaign_id=name, channel="web", type="form", status="new", code="question",
            owner_id=name, country="PL", received_from=1_790_812_800_000,
            received_to=1_790_892_000_000,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [
        {"campaign_id": "spring"},
        {"channel": "telepathy"},
        {"type": "x"},
        {"status": "open"},
        {"code": "x"},
        {"country": "pl"},
        {"received_from": "yesterday"},
        {"received_to": "2026-13-01"},
        {"limit": "-1"},
        {"cursor": "rubbish"},
        {"cursor": "x" * 3000},
        {"min_position": "rubbish"},
        {"min_position": "pending:1"},
        {"known_at": "2126-01-01T00:00:00Z"},
        {"known_at": "rubbish"},
        {"version": "1"},
        {"stattus": "new"},
    ],
)
def test_list_responses_refuses_bad_parameters(admin: Caller, params: dict[str, str]) -> None:
    problem(admin.get("/responses", **params), 400)


def test_list_responses_pages_with_a_link(admin: Caller, reads: FakeReads, campaign: str) -> None:
    for _ in range(3):
        reads.add("demo", a_response(uuid4(), UUID(campaign)), "k")
    page = admin.get("/responses", limit=2)
    assert page.headers["link"] == '</api/v1/responses?limit=2&cursor=after%3A2>; rel="next"'
    rest = admin.get("/responses", limit=2, cursor=page.json()["next_cursor"])
    assert len(page.json()["data"] + rest.json()["data"]) == 3
    assert "link" not in rest.headers


def test_min_position_waits_and_says_when_it_is_not_reached(
    admin: Caller, reads: FakeReads, campaign: str
) -> None:
    position = admin.done("/responses", entry(campaign))["position"]
    assert admin.get("/responses", min_position=position).status_code == 200
    reads.behind = 1
    reply = admin.get("/responses", min_position=position)
    problem(reply, 503)
    assert reply.headers["retry-after"]


def test_response_moves_as_the_table_of_moves_says(admin: Caller, captured: str) -> None:
    path = f"/responses/{captured}"
    problem(admin.post(f"{path}/reopen"), 409)
    assert admin.done(f"{path}/review", {"reason": "read"})["status"] == "reviewed"
    problem(admin.post(f"{path}/review"), 409)
    assert admin.done(f"{path}/close")["status"] == "closed"
    refused = {
        "assign": {"owner_id": str(uuid4())},
        "classify": {"code": "question"},
        "route": {"target": "sales"},
        "followup": {"medium": "call"},
        "convert": {"kind": "lead"},
        "cancel": {},
    }
    for verb, body in refused.items():
        problem(admin.post(f"{path}/{verb}", body), 409)
    told = admin.done(f"{path}/correct", {"changes": {"priority": 2}})
    assert (told["status"], told["corrections"]) == ("closed", {"priority": 2})
    assert admin.done(f"{path}/reopen", {"reason": "called again"})["status"] == "reviewed"
    assert admin.done(f"{path}/cancel")["status"] == "canceled"


def test_every_step_keeps_the_key_fixed_at_capture(
    admin: Caller, parts: Parts, captured: str
) -> None:
    path = f"/responses/{captured}"
    admin.done(f"{path}/classify", {"code": "interested"})
    admin.done(f"{path}/route", {"target": "sales", "owner_id": str(uuid4())})
    admin.done(f"{path}/followup", {"medium": "call", "at": "2026-10-14T10:00:00Z"})
    admin.done(f"{path}/convert", {"kind": "lead"})
    events = [event for event, _ in decisions(parts) if event.type.startswith("response.")]
    assert {event.subject_id for event in events} == {ADA["id"]}
    assert [event.version for event in events] == [1, 2, 4, 5]
    assert {str(event.stream) for event in events} == {f"response:{captured}"}


def test_steps_said_twice_have_one_effect(admin: Caller, parts: Parts, captured: str) -> None:
    path, owner = f"/responses/{captured}", {"owner_id": str(uuid4())}
    for _ in range(2):
        admin.done(f"{path}/assign", owner)
        admin.done(f"{path}/route", {"target": "service"})
        admin.done(f"{path}/classify", {"code": "complaint"})
    assert sorted(types_of(parts)[1:]) == [
        "response.assigned", "response.classified", "response.routed",
    ]  # fmt: skip


def test_do_not_send_withdraws_consent_in_the_same_decision(
    admin: Caller, parts: Parts, reads: FakeReads, captured: str
) -> None:
    person = UUID(ADA["id"])
    reads.people["demo", person] = a_contact(person, "ada@example.com")
    admin.done(f"/responses/{captured}/classify", {"code": "do_not_send"})
    (event, payload) = next(d for d in decisions(parts) if isinstance(d[1], ConsentEntry))
    assert (event.type, event.subject_id) == ("consent.withdrawn", ADA["id"])
    assert isinstance(payload, ConsentEntry)
    assert (payload.channel, payload.purpose) == ("all", "marketing")
    assert payload.address == address_hash(parts.vault.address_key("demo"), "ada@example.com")


def test_manual_entry_with_do_not_send_withdraws_consent(
    admin: Caller, parts: Parts, campaign: str
) -> None:
    admin.done("/responses", entry(campaign, code="do_not_send", email="ada@example.com"))
    assert types_of(parts).count("consent.withdrawn") == 1


def test_convert_records_the_review_and_makes_one_lead(
    admin: Caller, parts: Parts, captured: str
) -> None:
    path = f"/responses/{captured}/convert"
    first = admin.done(path, {"kind": "lead"})
    lead = str(target_id(UUID(captured), "lead", 0))
    assert first["status"] == "converted"
    assert first["reviewed"]
    assert first["conversions"][0]["target"] == {"kind": "lead", "id": lead}
    assert admin.done(path, {"kind": "lead"})["version"] == first["version"]
    kinds = [kind for kind in types_of(parts) if kind != "campaign.created"]
    assert sorted(kinds) == ["lead.created", "response.converted", "response.reviewed"]
    (payload,) = [p for _, p in decisions(parts) if isinstance(p, LeadNoted)]
    assert (str(payload.lead_id), str(payload.response_id)) == (lead, captured)
    assert payload.changes["subject"] == "Clicked in a mail"


def test_convert_to_an_opportunity_uses_the_customer(
    admin: Caller, parts: Parts, captured: str
) -> None:
    body = {"kind": "opportunity", "estimated_value": {"amount": "900", "currency": "EUR"}}
    admin.done(f"/responses/{captured}/convert", body)
    (payload,) = [p for _, p in decisions(parts) if isinstance(p, OpportunityNoted)]
    assert payload.customer.model_dump(mode="json") == ADA
    assert "lead.created" not in types_of(parts)


def test_convert_finds_the_contact_behind_a_bare_id(
    admin: Caller, parts: Parts, reads: FakeReads, campaign: str
) -> None:
    person, known, unknown = UUID(ADA["id"]), uuid4(), uuid4()
    reads.people["demo", person] = a_contact(person, "ada@example.com")
    reads.add("demo", a_response(known, UUID(campaign), customer=str(person)), "f" * 64)
    reads.add("demo", a_response(unknown, UUID(campaign), customer=str(uuid4())), "f" * 64)
    admin.done(f"/responses/{known}/convert", {"kind": "opportunity"})
    (payload,) = [p for _, p in decisions(parts) if isinstance(p, OpportunityNoted)]
    assert payload.customer.model_dump(mode="json") == ADA
    problem(admin.post(f"/responses/{unknown}/convert", {"kind": "opportunity"}), 422)


def test_convert_names_what_it_lacks(admin: Caller, reads: FakeReads, campaign: str) -> None:
    name = uuid4()
    reads.add("demo", a_response(name, UUID(campaign)), "f" * 64)
    path = f"/responses/{name}/convert"
    for body, pointer in [
        ({"kind": "opportunity"}, "/customer"),
        ({"kind": "existing_lead"}, "/target"),
        ({"kind": "lead", "target": {"kind": "order", "id": str(uuid4())}}, "/target/kind"),
        ({"kind": "friend"}, "/kind"),
    ]:
        told = problem(admin.post(path, body), 422)
        assert told["errors"][0]["pointer"] == pointer


def test_reverse_gives_the_lead_up_and_the_next_one_is_another(
    admin: Caller, parts: Parts, captured: str
) -> None:
    path = f"/responses/{captured}"
    first = admin.done(f"{path}/convert", {"kind": "lead"})["conversions"][0]["target"]
    told = admin.done(f"{path}/reverse", {"target": first, "reason": "wrong person"})
    assert (told["status"], told["conversions"][0]["reversed"]) == ("reviewed", True)
    assert "lead.disqualified" in types_of(parts)
    again = admin.done(f"{path}/reverse", {"target": first, "reason": "wrong person"})
    assert again["version"] == told["version"]
    second = admin.done(f"{path}/convert", {"kind": "lead"})["conversions"][1]
    assert second["ordinal"] == 1
    assert second["target"]["id"] == str(target_id(UUID(captured), "lead", 1))
    other = {"kind": "lead", "id": str(uuid4())}
    problem(admin.post(f"{path}/reverse", {"target": other, "reason": "x"}), 409)


def test_duplicate_must_be_another_known_response(
    admin: Caller, captured: str, reads: FakeReads, campaign: str
) -> None:
    path = f"/responses/{captured}/cancel"
    problem(admin.post(path, {"duplicate_of": captured}), 422)
    problem(admin.post(path, {"duplicate_of": str(uuid4())}), 404)
    other = uuid4()
    reads.add("demo", a_response(other, UUID(campaign)), "k")
    assert admin.done(path, {"duplicate_of": str(other)})["duplicate_of"] == str(other)


def test_gate_keeps_no_personal_text(admin: Caller, parts: Parts, captured: str) -> None:
    changes = {"description": "lives in the blue house", "priority": 1}
    told = admin.done(f"/responses/{captured}/correct", {"changes": changes})
    assert told["corrections"] == {"priority": 1}
    for _, state in parts.gate.states("demo", "response"):
        assert b"blue house" not in state.state
    for event, _ in decisions(parts):
        assert b"blue house" not in event.data


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("classify", {"code": "maybe"}),
        ("classify", {}),
        ("assign", {"owner_id": "me"}),
        ("route", {"target": ""}),
        ("correct", {"changes": {}}),
        ("correct", {"changes": {"priority": 9}}),
        ("followup", {"medium": "pigeon"}),
        ("followup", {"medium": "call", "at": "2036-01-01T00:00:00Z"}),
        ("reverse", {"target": "lead"}),
        ("review", {"reason": "x" * 201}),
        ("review", {"colour": "red"}),
        ("review", []),
    ],
)
def test_steps_refuse_rubbish(admin: Caller, captured: str, verb: str, body: Any) -> None:
    problem(admin.post(f"/responses/{captured}/{verb}", body), 422)


def test_step_on_an_unknown_response_is_not_found(admin: Caller) -> None:
    problem(admin.post(f"/responses/{uuid4()}/review"), 404)
    problem(admin.post("/responses/none/review"), 404)
