"""Campaigns over HTTP: create, read, change, move, copy, pay for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from schemas.decisions.campaign import CampaignCreated
from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem, types_of


def ready(admin: Caller, **fields: object) -> str:
    """A campaign that has all a launch needs, approved."""
    campaign = admin.campaign(**fields)["campaign_id"]
    activity = admin.activity(campaign)["activity_id"]
    audience = {"batch_id": str(uuid4()), "member_count": 2, "digest": "d"}
    admin.done(f"/activities/{activity}/audience", audience)
    admin.done(f"/activities/{activity}/schedule", {})
    admin.done(f"/campaigns/{campaign}/approve", {})
    return str(campaign)


def test_create_campaign_answers_the_whole_document(admin: Caller, parts: Parts) -> None:
    reply = admin.post("/campaigns", {
        "name": "Term deposit",
        "goal": "product_sale",
        "goal_event": {
            "type": "order.placed",
            "where": [{"prop": "product_id", "op": "eq", "value": "term-deposit"}],
        },
    })  # fmt: skip
    told = reply.json()
    assert reply.status_code == 201
    assert reply.headers["etag"] == '"1"'
    assert (told["name"], told["status"], told["version"]) == ("Term deposit", 0, 1)
    assert (told["currency"], told["goal_window"]) == ("EUR", "P30D")
    assert told["goal_event"]["type"] == "order.placed"
    assert told["code"]
    assert told["position"]
    assert admin.get(f"/campaigns/{told['campaign_id']}").json() == {
        key: value for key, value in told.items() if key != "position"
    }
    ((event, payload),) = decisions(parts)
    assert isinstance(payload, CampaignCreated)
    assert (event.subject_id, event.actor) == (told["campaign_id"], "admin")
    assert payload.fields.code == told["code"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "x", "goal": "fame"}, "/goal"),
        ({"name": "x", "goal_event": {"type": "order.imagined"}}, "/goal_event/type"),
        ({"name": "x", "goal_event": {"type": "interaction.judged"}}, "/goal_event/type"),
        (
            {"name": "x", "goal_event": {"type": "order.placed",
             "where": [{"prop": "a", "op": "in", "value": 1}]}},
            "/goal_event/where/0/value",
        ),
        (
            {"name": "x", "goal_event": {"type": "order.placed",
             "where": [{"prop": "a", "op": "like", "value": 1}]}},
            "/goal_event/where/0/op",
        ),
        ({"name": "x", "goal_window": "a month"}, "/goal_window"),
        ({"name": "x", "parent_id": str(uuid4())}, "/parent_id"),
        ({"name": "x", "budget": {"amount": "-1", "currency": "EUR"}}, "/budget/amount"),
        ({"name": "x", "budget": {"amount": "1", "currency": "USD"}}, "/budget/rate"),
        ({"name": "x", "currency": "euro"}, "/currency"),
        ([], ""),
        ("x", ""),
    ],
)  # fmt: skip
def test_create_campaign_refuses_what_breaks_a_rule(
    admin: Caller, parts: Parts, body: object, pointer: str
) -> None:
    told = problem(admin.post("/campaigns", body), 422)
    assert told["errors"][0]["pointer"] == pointer
    assert types_of(parts) == []


PROP = {"prop": "category", "op": "not_null"}


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"kpi_targets": {"open_rate": "nan"}}, id="a target that is no number"),
        pytest.param({"kpi_targets": {"open_rate": "inf"}}, id="a target without end"),
        pytest.param(
            {"budget": {"amount": "99999999999999", "currency": "USD", "rate": "10"}},
            id="too large in base currency",
        ),
        pytest.param(
            {"goal_event": {"type": "order.placed", "where": [PROP] * 21}}, id="too many conditions"
        ),
        pytest.param({"goal_window": "P101Y"}, id="a window beyond all calendars"),
        pytest.param({"goal_window": "PT9999999H"}, id="a window of too many hours"),
        pytest.param({"expected_version": "9" * 30}, id="a version beyond all integers"),
    ],
)
def test_a_campaign_takes_only_what_can_be_read_back(
    admin: Caller, parts: Parts, said: dict[str, Any]
) -> None:
    campaign = admin.campaign()["campaign_id"]
    problem(admin.patch(f"/campaigns/{campaign}", said), 422)
    assert types_of(parts) == ["campaign.created"]


def test_campaign_code_is_unique_in_a_workspace_only(admin: Caller, stranger: Caller) -> None:
    admin.campaign(code="SPRING")
    problem(admin.post("/campaigns", {"name": "Again", "code": "SPRING"}), 409)
    assert stranger.campaign(code="SPRING")["code"] == "SPRING"


def test_campaign_code_never_changes(admin: Caller) -> None:
    told = admin.campaign(code="SPRING")
    path = f"/campaigns/{told['campaign_id']}"
    problem(admin.patch(path, {"code": "AUTUMN"}), 422)
    assert admin.patch(path, {"code": "SPRING"}).json()["version"] == 1


def test_change_campaign_with_the_same_values_is_no_news(admin: Caller, parts: Parts) -> None:
    path = f"/campaigns/{admin.campaign()['campaign_id']}"
    assert admin.patch(path, {"offer": "10 % off"}).json()["version"] == 2
    assert admin.patch(path, {"offer": "10 % off"}).json()["version"] == 2
    assert types_of(parts) == ["campaign.created", "campaign.changed"]


def test_change_campaign_checks_the_version_it_was_made_on(admin: Caller) -> None:
    path = f"/campaigns/{admin.campaign()['campaign_id']}"
    admin.patch(path, {"offer": "one"})
    problem(admin.patch(path, {"offer": "two", "expected_version": 1}), 409)
    problem(admin.patch(path, {"offer": "two"}, **{"If-Match": '"1"'}), 412)
    problem(admin.patch(path, {"offer": "two"}, **{"If-Match": "one"}), 400)
    assert admin.patch(path, {"offer": "two"}, **{"If-Match": '"2"'}).json()["version"] == 3


def test_launch_names_everything_that_is_missing(admin: Caller) -> None:
    campaign = admin.done("/campaigns", {"name": "Bare"})["campaign_id"]
    admin.done(f"/campaigns/{campaign}/approve")
    detail = problem(admin.post(f"/campaigns/{campaign}/launch"), 409)["detail"]
    assert "a goal" in detail
    assert "an audience" in detail
    assert "a scheduled activity" in detail


def test_launch_sets_the_actual_start(admin: Caller) -> None:
    campaign = ready(admin)
    told = admin.done(f"/campaigns/{campaign}/launch", {"reason": "go"})
    assert told["status"] == 2
    assert told["actual_start"]


def test_launch_ignores_a_canceled_activity(admin: Caller) -> None:
    campaign = ready(admin)
    activity = admin.get(f"/campaigns/{campaign}/activities").json()["data"][0]["activity_id"]
    admin.done(f"/activities/{activity}/cancel")
    problem(admin.post(f"/campaigns/{campaign}/launch"), 409)


def test_approve_keeps_the_plan_as_baseline(admin: Caller) -> None:
    campaign = ready(admin, expected_response=10)
    admin.patch(f"/campaigns/{campaign}", {"expected_response": 20})
    told = admin.get(f"/campaigns/{campaign}").json()
    assert (told["baseline"]["expected_response"], told["expected_response"]) == (10, 20)


def test_campaign_moves_as_the_table_of_moves_says(admin: Caller) -> None:
    campaign = ready(admin)
    path = f"/campaigns/{campaign}"
    steps = [("launch", 2), ("suspend", 5), ("resume", 2), ("deactivate", 6), ("reactivate", 2),
             ("complete", 3)]  # fmt: skip
    for verb, status in steps:
        assert admin.done(f"{path}/{verb}")["status"] == status
    for verb in ("approve", "launch", "suspend", "resume", "complete", "cancel", "reactivate"):
        problem(admin.post(f"{path}/{verb}"), 409)


def test_hierarchy_has_no_cycles(admin: Caller) -> None:
    one = admin.campaign()["campaign_id"]
    two = admin.campaign(parent_id=one)["campaign_id"]
    told = problem(admin.patch(f"/campaigns/{one}", {"parent_id": two}), 422)
    assert told["errors"][0]["pointer"] == "/parent_id"
    problem(admin.patch(f"/campaigns/{one}", {"parent_id": one}), 422)


def test_copy_points_to_its_origin_and_version(admin: Caller) -> None:
    origin = admin.campaign(offer="10 % off", code="SPRING")
    admin.patch(f"/campaigns/{origin['campaign_id']}", {"offer": "20 % off"})
    told = admin.done(f"/campaigns/{origin['campaign_id']}/copy", {"goal": "retention"})
    assert told["copied_from"] == {"id": origin["campaign_id"], "version": 2}
    assert (told["name"], told["offer"], told["goal"]) == (
        "Copy of Spring",
        "20 % off",
        "retention",
    )
    assert told["code"] != "SPRING"
    assert told["version"] == 2


def test_costs_add_up(admin: Caller) -> None:
    path = f"/campaigns/{admin.campaign()['campaign_id']}/costs"
    admin.done(path, {"cost": {"amount": "1.50", "currency": "EUR"}})
    told = admin.done(path, {"cost": {"amount": "2", "currency": "USD", "rate": "0.9"}})
    assert [cost["amount"] for cost in told["misc_costs"]] == ["1.50", "2"]
    problem(admin.post(path, {"cost": {"amount": "1e400", "currency": "EUR"}}), 422)


def test_items_are_linked_and_unlinked_once(admin: Caller, parts: Parts) -> None:
    path = f"/campaigns/{admin.campaign()['campaign_id']}/items"
    item = {"kind": "product", "id": str(uuid4())}
    assert admin.done(path, {"item": item})["items"] == [item]
    assert admin.done(path, {"item": item})["version"] == 2
    assert admin.done(path, {"item": item, "linked": False})["items"] == []
    assert types_of(parts).count("campaign.item_linked") == 1


def test_list_campaigns_pages_through_all(admin: Caller) -> None:
    made = {admin.campaign(name=f"Campaign {n}")["campaign_id"] for n in range(5)}
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        reply = admin.get("/campaigns", **params)
        seen += [row["campaign_id"] for row in reply.json()["data"]]
        cursor = reply.json()["next_cursor"]
        if cursor is None:
            break
        assert f"cursor={cursor}" in reply.headers["link"]
    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.parametrize(
    "params",
    [{"cursor": "%%%"}, {"cursor": "bm90IG91cnM"}, {"cursor": "\u00e9"}, {"limit": "0"},
     {"limit": "1001"}, {"limit": "many"}, {"statuz": "new"}],
)  # fmt: skip
def test_list_campaigns_refuses_bad_parameters(admin: Caller, params: dict[str, str]) -> None:
    problem(admin.get("/campaigns", **params), 400)


def test_unknown_campaign_is_not_found(admin: Caller) -> None:
    for path in (f"/campaigns/{uuid4()}", "/campaigns/spring", f"/campaigns/{uuid4()}/kpis"):
        problem(admin.get(path), 404)
    problem(admin.patch(f"/campaigns/{uuid4()}", {"offer": "x"}), 404)
    problem(admin.post(f"/campaigns/{uuid4()}/approve"), 404)
    problem(admin.post(f"/campaigns/{uuid4()}/copy"), 404)
