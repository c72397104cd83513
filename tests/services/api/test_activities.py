"""Activities over HTTP, and the messages made for them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from events.addresses import address_hash
from schemas.decisions.activity import ActivityDistributed, AudiencePinned, MessagePrepared
from schemas.ids import message_id
from services.collector.tokens import Purpose, unpack
from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem, types_of
from tests.support.clock import DAY, SettableClock

BATCH = str(uuid4())
AUDIENCE = {"source": "import", "batch_id": BATCH, "member_count": 3, "digest": "d" * 64}


def planned(admin: Caller, **fields: Any) -> str:
    campaign = admin.campaign()["campaign_id"]
    return str(admin.activity(campaign, **fields)["activity_id"])


def content(admin: Caller) -> tuple[str, list[str]]:
    links = [
        admin.done("/links", {"url": "https://shop.example.com/", "label": "offer"})["number"],
        admin.done("/links", {"url": "https://shop.example.com/x"})["number"],
    ]
    entry = admin.done("/registries/content_version", {"name": "Mail", "links": links})
    return str(entry["content_version_id"]), links


def test_plan_activity_answers_the_document(admin: Caller) -> None:
    campaign = admin.campaign()["campaign_id"]
    told = admin.activity(campaign, subject="Letters", channel="letter")
    assert (told["campaign_id"], told["channel"], told["status"]) == (campaign, "letter", 1)
    listed = admin.get(f"/campaigns/{campaign}/activities").json()["data"]
    assert [row["activity_id"] for row in listed] == [told["activity_id"]]
    assert admin.get(f"/activities/{told['activity_id']}").headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/channel"),
        ({"channel": "telepathy"}, "/channel"),
        ({"channel": "email", "kind": "both"}, "/kind"),
        ({"channel": "email", "type": 9}, "/type"),
        ({"channel": "email", "content_version_id": str(uuid4())}, "/content_version_id"),
        ({"channel": "email", "scheduled_start": "tomorrow"}, "/scheduled_start"),
    ],
)
def test_plan_activity_refuses_what_breaks_a_rule(
    admin: Caller, body: dict[str, Any], pointer: str
) -> None:
    campaign = admin.campaign()["campaign_id"]
    told = problem(admin.post(f"/campaigns/{campaign}/activities", body), 422)
    assert told["errors"][0]["pointer"] == pointer


def test_plan_activity_needs_a_campaign_that_is_not_over(admin: Caller) -> None:
    problem(admin.post(f"/campaigns/{uuid4()}/activities", {"channel": "email"}), 404)
    campaign = admin.campaign()["campaign_id"]
    admin.done(f"/campaigns/{campaign}/cancel")
    problem(admin.post(f"/campaigns/{campaign}/activities", {"channel": "email"}), 409)


def test_quick_campaign_has_one_activity(admin: Caller) -> None:
    campaign = admin.campaign(kind="quick")["campaign_id"]
    admin.activity(campaign)
    problem(admin.post(f"/campaigns/{campaign}/activities", {"channel": "sms"}), 409)


def test_pinned_audience_is_kept_with_the_point_of_knowledge(admin: Caller, parts: Parts) -> None:
    activity = planned(admin)
    told = admin.done(f"/activities/{activity}/audience", AUDIENCE)
    assert told["audience"]["member_count"] == 3
    assert admin.done(f"/activities/{activity}/audience", AUDIENCE)["version"] == told["version"]
    payloads = [p for _, p in decisions(parts) if isinstance(p, AudiencePinned)]
    assert len(payloads) == 1
    assert payloads[0].known_at


def test_distribution_fixes_the_audience_for_good(admin: Caller, parts: Parts) -> None:
    activity = planned(admin)
    version, _ = content(admin)
    path = f"/activities/{activity}"
    body = {"content_version_id": version}
    problem(admin.post(f"{path}/distribute", body), 409)
    admin.done(f"{path}/audience", AUDIENCE)
    problem(admin.post(f"{path}/distribute"), 422)
    problem(admin.post(f"{path}/distribute", {**body, "batch_id": str(uuid4())}), 422)
    told = admin.done(f"{path}/distribute", {**body, "batch_id": BATCH, "holdout_percent": 10})
    assert (told["status"], told["content_version_id"]) == (0, version)
    assert told["distributed_at"]
    problem(admin.post(f"{path}/distribute", body), 409)
    problem(admin.post(f"{path}/audience", {**AUDIENCE, "member_count": 4}), 409)
    (payload,) = [p for _, p in decisions(parts) if isinstance(p, ActivityDistributed)]
    assert (str(payload.batch_id), payload.holdout_percent) == (BATCH, 10)


def test_schedule_without_a_time_means_now(admin: Caller) -> None:
    path = f"/activities/{planned(admin)}/schedule"
    told = admin.done(path, {})
    assert (told["status"], told["scheduled_start"]) == (4, "2026-10-14T17:46:40.000Z")
    body = {"scheduled_start": "2026-11-02T00:00:00Z", "scheduled_end": "2026-11-01T00:00:00Z"}
    problem(admin.post(path, body), 422)


def test_activity_ends_once(admin: Caller) -> None:
    mail, task = planned(admin), planned(admin, kind="planning")
    problem(admin.post(f"/activities/{mail}/complete"), 409)
    problem(admin.post(f"/activities/{task}/audience", AUDIENCE), 409)
    assert admin.done(f"/activities/{task}/complete")["status"] == 6
    assert admin.done(f"/activities/{mail}/close")["status"] == 2
    for verb in ("close", "cancel", "schedule", "distribute"):
        problem(admin.post(f"/activities/{mail}/{verb}"), 409)
    problem(admin.patch(f"/activities/{mail}", {"subject": "x"}), 409)


def test_activity_costs_add_up_after_its_end_too(admin: Caller) -> None:
    activity = planned(admin)
    admin.done(f"/activities/{activity}/close")
    cost = {"cost": {"amount": "120", "currency": "EUR"}}
    admin.done(f"/activities/{activity}/costs", cost)
    assert len(admin.done(f"/activities/{activity}/costs", cost)["costs"]) == 2


def test_messages_carry_signed_addresses_of_their_own(admin: Caller, parts: Parts) -> None:
    activity = planned(admin)
    version, links = content(admin)
    admin.patch(f"/activities/{activity}", {"content_version_id": version})
    recipient = uuid4()
    body = [{"recipient": str(recipient), "address": "Ada@Example.com"}]
    (item,) = admin.done(f"/activities/{activity}/messages", body)["data"]
    name = message_id(UUID(activity), recipient)
    assert item["message_id"] == str(name)
    assert item["metadata"] == {"ab_recipient": str(recipient), "ab_message": str(name)}
    assert set(item["links"]) == {"offer", links[1]}
    assert item["headers"]["List-Unsubscribe"] == f"<{item['unsubscribe_url']}>"
    keys = parts.vault.token_keys("demo")
    places = [
        (item["pixel_url"].removesuffix(".gif"), Purpose.OPEN, 0),
        (item["links"]["offer"], Purpose.CLICK, int(links[0], 16)),
        (item["unsubscribe_url"], Purpose.UNSUBSCRIBE, 0),
    ]
    for url, purpose, number in places:
        signed = unpack(url.rpartition("/")[2])
        assert signed is not None
        assert signed.is_genuine(purpose, keys)
        assert (signed.token.recipient, signed.token.about) == (recipient, name)
        assert signed.token.link == number
        assert "ada@" not in url.lower()


def test_messages_asked_again_are_the_same_ones(
    admin: Caller, parts: Parts, clock: SettableClock
) -> None:
    activity = planned(admin)
    body = [{"recipient": str(uuid4()), "address": f"{n}@example.com"} for n in range(3)]
    first = admin.done(f"/activities/{activity}/messages", body)
    clock.advance(DAY)
    again = admin.done(f"/activities/{activity}/messages", body)
    assert [item.pop("repeated") for item in first["data"]] == [False] * 3
    assert [item.pop("repeated") for item in again["data"]] == [True] * 3
    assert again["data"] == first["data"]
    assert types_of(parts).count("message.prepared") == 3


def test_message_keeps_a_hash_of_its_address_only(admin: Caller, parts: Parts) -> None:
    recipient = uuid4()
    body = [{"recipient": str(recipient), "address": "ada@example.com"}]
    admin.done(f"/activities/{planned(admin)}/messages", body)
    (event, payload) = next(d for d in decisions(parts) if isinstance(d[1], MessagePrepared))
    assert event.subject_id == str(recipient)
    assert b"ada" not in event.data
    assert isinstance(payload, MessagePrepared)
    assert payload.address == address_hash(parts.vault.address_key("demo"), "ADA@example.com")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        [{"recipient": "ada", "address": "a@example.com"}],
        [{"recipient": str(uuid4())}],
        [{"recipient": str(uuid4()), "address": ""}],
        [{"recipient": str(uuid4()), "address": "a", "name": "Ada"}],
        [{"recipient": str(UUID(int=n)), "address": "a"} for n in range(1001)],
    ],
    ids=["empty", "no list", "no id", "no address", "empty address", "unknown field", "too many"],
)
def test_messages_refuse_rubbish(admin: Caller, body: Any) -> None:
    problem(admin.post(f"/activities/{planned(admin)}/messages", body), 422)


def test_messages_stop_when_activity_or_campaign_is_over(admin: Caller) -> None:
    body = [{"recipient": str(uuid4()), "address": "a@example.com"}]
    activity = planned(admin)
    campaign = admin.get(f"/activities/{activity}").json()["campaign_id"]
    admin.done(f"/campaigns/{campaign}/cancel")
    problem(admin.post(f"/activities/{activity}/messages", body), 409)
    ended = planned(admin)
    admin.done(f"/activities/{ended}/cancel")
    problem(admin.post(f"/activities/{ended}/messages", body), 409)
    problem(admin.post(f"/activities/{uuid4()}/messages", body), 404)
