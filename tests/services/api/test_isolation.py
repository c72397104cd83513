"""Two workspaces on every route: nothing of one is seen, changed or even known in the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.parts import Parts
from tests.services.api.caller import API, Caller, decisions
from tests.services.api.fake_reads import FakeReads, a_batch, a_contact, a_response
from tests.services.api.test_door import routes

LINK = {"url": "https://shop.example.com/", "label": "offer"}
LIST = {"name": "Coast", "kind": "static", "member_type": "contact"}
RULE = {"v": 1, "member": "contact", "tz": "UTC",
        "where": {"field": "city", "op": "eq", "value": "Gdynia"}}  # fmt: skip
MEMBERS = {"members": [str(uuid4())], "member_type": "contact"}
BODIES: dict[str, dict[str, Any] | list[dict[str, str]]] = {
    "costs": {"cost": {"amount": "1", "currency": "USD"}},
    "items": {"item": {"kind": "product", "id": str(uuid4())}},
    "audience": {"batch_id": str(uuid4()), "member_count": 1, "digest": "d"},
    "messages": [{"recipient": str(uuid4()), "address": "a@example.com"}],
    "activities": {"channel": "email"},
    "classify": {"code": "interested"},
    "assign": {"owner_id": str(uuid4())},
    "route": {"target": "sales"},
    "correct": {"changes": {"priority": 1}},
    "followup": {"medium": "call"},
    "convert": {"kind": "lead"},
    "rule": RULE,
    "preview": RULE,
    "freeze": {"name": "Then"},
    "undo": {"reason": "x"},
    "members": MEMBERS,
    "remove": MEMBERS,
    "reverse": {"target": {"kind": "lead", "id": str(uuid4())}, "reason": "x"},
}


SENDER = {"name": "Mailer", "url": "https://sender.example/hook"}


@pytest.fixture
def owned(admin: Caller, reads: FakeReads) -> dict[str, str]:
    """One of everything in the workspace demo, by the name of its path parameter."""
    campaign = admin.campaign()["campaign_id"]
    response, contact = uuid4(), uuid4()
    reads.add("demo", a_response(response, UUID(campaign)), str(contact))
    reads.people["demo", contact] = a_contact(contact, "ada@example.com")
    reads.brought["demo", contact] = a_batch(contact)
    merged, survivor = ({"kind": "contact", "id": str(one)} for one in (contact, uuid4()))
    admin.done("/identity/merge", {"survivor": survivor, "merged": merged})
    rule = {"events": ["event.tracked"], "response_type": "other", "channel": "others"}
    return {
        "campaign_id": campaign,
        "activity_id": admin.activity(campaign)["activity_id"],
        "entry_id": admin.done("/links", LINK)["number"],
        "registry": "link",
        "definition_id": admin.done("/definitions", {"body": rule})["definition_id"],
        "response": str(response),
        "contact_id": str(contact),
        "list_id": admin.done("/lists", LIST)["list_id"],
        "member": str(contact),
        "record_id": str(contact),
        "batch_id": str(contact),
        "sender_id": admin.done("/senders", SENDER)["sender_id"],
    }


def test_every_object_is_unknown_to_another_workspace(
    parts: Parts, stranger: Caller, owned: dict[str, str]
) -> None:
    before = len(decisions(parts))
    seen = 0
    for method, path in routes(parts):
        names = [name for name in owned if f"{{{name}}}" in path]
        if not set(names) - {"registry"}:
            continue
        filled = path.removeprefix(API)
        for name in names:
            filled = filled.replace(f"{{{name}}}", owned[name])
        body = BODIES.get(filled.rpartition("/")[2], {})
        if method == "GET":
            reply = stranger.get(filled)
        elif method == "PATCH":
            reply = stranger.patch(filled, {"name": "Mine", "label": "mine"})
        else:
            reply = stranger.post(filled, body)
        assert reply.status_code == 404, (method, path, reply.text)
        seen += 1
    assert seen > 40
    assert len(decisions(parts)) == before


def test_lists_show_nothing_of_another_workspace(
    parts: Parts, stranger: Caller, owned: dict[str, str]
) -> None:
    for path in ("/campaigns", "/links", "/forms", "/registries/link", "/responses", "/contacts",
                 "/lists", "/senders"):  # fmt: skip
        shown = stranger.get(path).json()
        assert (shown["data"], shown["next_cursor"]) == ([], None)
    assert stranger.get("/batches").json()["data"] == []
    names = {row["definition_id"] for row in stranger.get("/definitions").json()["data"]}
    assert owned["definition_id"] not in names


def test_objects_of_another_workspace_cannot_be_referred_to(
    stranger: Caller, owned: dict[str, str]
) -> None:
    campaign = owned["campaign_id"]
    form = {"name": "F", "redirect_url": LINK["url"], "campaign_id": campaign}
    entry = {"campaign_id": campaign, "type": "call", "first_name": "Ada"}
    content = {"name": "C", "links": [owned["entry_id"]]}
    assert stranger.post("/forms", form).status_code == 422
    assert stranger.post("/responses", entry).status_code == 422
    assert stranger.post("/registries/content_version", content).status_code == 422
    assert stranger.post("/campaigns", {"name": "x", "parent_id": campaign}).status_code == 422
    assert stranger.get("/kpis", campaign_id=campaign).status_code == 404
    counted = stranger.get("/kpis/open_rate/counted", campaign_id=campaign)
    assert counted.status_code == 404
    reading = {**RULE, "where": {"in_list": owned["list_id"]}}
    assert stranger.post("/lists/explain", reading).status_code == 422


def test_the_same_names_are_free_in_another_workspace(
    stranger: Caller, owned: dict[str, str]
) -> None:
    taken = {**LINK, "number": owned["entry_id"], "label": "mine"}
    assert stranger.done("/links", taken)["version"] == 1


def test_idempotency_keys_are_each_callers_own(admin: Caller, stranger: Caller) -> None:
    one = admin.done("/campaigns", {"name": "One"}, "same")
    two = stranger.done("/campaigns", {"name": "Two"}, "same")
    assert one["campaign_id"] != two["campaign_id"]
