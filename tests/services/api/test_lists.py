"""Lists over the API: made, filled, ruled, and refused where they must be."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.parts import Parts
from tests.services.api.caller import Caller, decisions, problem, types_of
from tests.support.parts import make_keys

GDYNIA = {"field": "city", "op": "eq", "value": "Gdynia"}


def rule(where: Any = None, member: str = "contact") -> dict[str, Any]:
    return {"v": 1, "member": member, "tz": "UTC", "where": where or GDYNIA}


def made(caller: Caller, name: str = "Coast", kind: str = "dynamic", **more: Any) -> str:
    said = {"name": name, "kind": kind, "member_type": "contact", **more}
    told: str = caller.done("/lists", said)["list_id"]
    return told


def test_a_list_is_made_read_changed_and_locked(admin: Caller, parts: Parts) -> None:
    name = made(admin, purpose="Summer")
    read = admin.get(f"/lists/{name}").json()
    assert (read["name"], read["purpose"], read["kind"], read["member_count"]) == (
        "Coast", "Summer", "dynamic", 0,
    )  # fmt: skip
    changed = admin.patch(f"/lists/{name}", {"purpose": "Winter"}).json()
    assert (changed["purpose"], changed["version"]) == ("Winter", 2)
    assert admin.done(f"/lists/{name}/lock")["locked"]
    assert admin.done(f"/lists/{name}/lock")["version"] == 3
    problem(admin.post(f"/lists/{name}/rule", rule()), 409)
    assert not admin.done(f"/lists/{name}/unlock")["locked"]
    assert not admin.done(f"/lists/{name}/deactivate")["active"]
    assert admin.done(f"/lists/{name}/reactivate")["active"]
    assert [row["list_id"] for row in admin.get("/lists").json()["data"]] == [name]
    assert "list.reactivated" in types_of(parts)


def test_a_name_is_taken_once(admin: Caller) -> None:
    made(admin)
    told = admin.post("/lists", {"name": "Coast", "kind": "static", "member_type": "lead"})
    problem(told, 409)
    other = made(admin, "Hills")
    problem(admin.patch(f"/lists/{other}", {"name": "Coast"}), 409)


def test_a_rule_is_put_in_force_and_said_in_words(admin: Caller, parts: Parts) -> None:
    name = made(admin)
    problem(admin.get(f"/lists/{name}/rule"), 404)
    told = admin.done(f"/lists/{name}/rule", rule())
    assert told["definition_version"] == 1
    assert told["says"][1:] == ["  city is 'Gdynia'"]
    assert admin.done(f"/lists/{name}/rule", rule({"not": GDYNIA}))["definition_version"] == 2
    assert admin.get(f"/lists/{name}/rule").json()["rule"]["where"] == {"not": GDYNIA}
    assert types_of(parts).count("definition.published") == 2


def test_a_rule_names_lists_and_ids_are_stored(admin: Caller, parts: Parts) -> None:
    coast, rich = made(admin), made(admin, "Rich")
    admin.done(f"/lists/{rich}/rule", rule({"in_list": "Coast"}))
    stored = [p for e, p in decisions(parts) if e.type == "definition.published"]
    assert stored[0].body["where"] == {"in_list": coast}
    told = problem(admin.post(f"/lists/{coast}/rule", rule({"in_list": rich})), 422)
    assert told["errors"][0]["pointer"] == "/where"
    problem(admin.post(f"/lists/{coast}/rule", rule({"in_list": "Coast"})), 422)


def test_every_fault_of_a_rule_is_told(admin: Caller) -> None:
    name = made(admin)
    wrong = rule({"all": [{"field": "shoe", "op": "eq", "value": 1}, {"did": "mail.read"}]})
    for path in (f"/lists/{name}/rule", "/lists/explain"):
        told = problem(admin.post(path, wrong), 422)
        places = [error["pointer"] for error in told["errors"]]
        assert places == ["/where/all/0/field", "/where/all/1/did"]
    told = problem(admin.post(f"/lists/{name}/rule", rule(member="account")), 422)
    assert told["errors"][0]["pointer"] == "/member"
    problem(admin.post(f"/lists/{made(admin, 'Static', 'static')}/rule", rule()), 409)
    assert admin.post("/lists/explain", rule()).json()["reads"] == ["field:contact.city"]


def test_members_are_put_on_a_static_list_alone(admin: Caller, parts: Parts) -> None:
    name, person = made(admin, kind="static"), str(uuid4())
    body = {"members": [person, person], "member_type": "contact", "reason": "met at a fair"}
    assert admin.done(f"/lists/{name}/members", body)["version"] == 2
    assert admin.done(f"/lists/{name}/members/remove", body)["version"] == 3
    assert types_of(parts)[-2:] == ["list.member_added", "list.member_removed"]
    told = problem(admin.post(f"/lists/{name}/members", {**body, "member_type": "lead"}), 422)
    assert told["errors"][0]["pointer"] == "/member_type"
    problem(admin.post(f"/lists/{made(admin, 'Other')}/members", body), 409)
    admin.done(f"/lists/{name}/lock")
    problem(admin.post(f"/lists/{name}/members", body), 409)


@pytest.mark.parametrize("path", ["", "/rule", "/members", f"/members/{UUID(int=7)}/why"])
def test_an_unknown_list_is_not_found(admin: Caller, path: str) -> None:
    problem(admin.get(f"/lists/{uuid4()}{path}"), 404)


def test_a_reader_changes_nothing(parts: Parts, admin: Caller) -> None:
    reader, name = Caller(parts, make_keys(parts).read), made(admin)
    problem(reader.post(f"/lists/{name}/rule", rule()), 403)
    assert reader.get(f"/lists/{name}/members").json()["data"] == []


def test_flow_takes_a_span(admin: Caller) -> None:
    name = made(admin)
    flow = admin.get(f"/lists/{name}/flow", **{"from": "2026-01-01", "to": "2026-02-01"}).json()
    assert (flow["since"], flow["joins"]) == ("2026-01-01T00:00:00.000Z", 0)
    told = problem(
        admin.get(f"/lists/{name}/flow", **{"from": "2026-01-01", "to": "2025-01-01"}), 400
    )
    assert told["errors"][0]["pointer"] == "/to"
    problem(admin.get(f"/lists/{name}/flow", **{"from": "soon"}), 400)
    days = admin.get(
        f"/lists/{name}/flow", **{"from": "2026-03-28", "to": "2026-03-31", "by": "day"}
    ).json()["steps"]
    assert [one["since"][:10] for one in days] == ["2026-03-28", "2026-03-29", "2026-03-30"]
    problem(admin.get(f"/lists/{name}/flow", by="day"), 400)


def test_a_rule_is_tried_before_it_is_published(admin: Caller, parts: Parts) -> None:
    name = made(admin)
    told = admin.done(f"/lists/{name}/rule/preview", rule())
    assert (told["looked_at"], told["members"], told["leaves"]) == (1, 1, [])
    assert told["says"][1:] == ["  city is 'Gdynia'"]
    assert "definition.published" not in types_of(parts)
    problem(admin.post(f"/lists/{name}/rule/preview?cursor=rubbish", rule()), 400)
    problem(admin.post(f"/lists/{name}/rule/preview", rule({"in_list": "Coast"})), 422)
    problem(admin.post(f"/lists/{name}/rule/preview", {"v": 2}), 422)
    problem(admin.post(f"/lists/{made(admin, 'Fixed', 'static')}/rule/preview", rule()), 409)
