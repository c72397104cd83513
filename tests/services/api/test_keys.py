"""Keys and workspaces over HTTP: an admin's own, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import Unauthenticated
from services.access import GpcMode
from services.collector.tokens import unpack
from services.distribution.tracking import Tracking
from services.parts import Parts
from tests.services.api.caller import Caller, problem
from tests.support.clock import SettableClock
from tests.support.parts import make_keys, uuid_of

SHOP = {"name": "shop", "scopes": ["write"]}


def test_a_key_is_made_and_its_secret_shown_once(admin: Caller, parts: Parts) -> None:
    made = admin.post("/keys", SHOP)
    assert made.status_code == 201
    told = made.json()
    assert parts.access.authenticate(told["secret"]).name == "shop"
    assert (told["scopes"], told["live"]) == (["write"], True)
    listed = admin.get("/keys")
    assert told["key_id"] in {row["key_id"] for row in listed.json()["data"]}
    assert "secret" not in listed.text
    pages = admin.get("/keys", limit=3).json()
    assert admin.get("/keys", cursor=pages["next_cursor"], limit=3).json()["data"]


def test_a_repeated_creation_never_shows_a_secret_again(admin: Caller) -> None:
    first, second = (admin.post("/keys", SHOP, key="same").json() for _ in range(2))
    assert first["key_id"] != second["key_id"]


def test_a_key_is_rotated_with_an_overlap_and_revoked(
    admin: Caller, parts: Parts, clock: SettableClock
) -> None:
    old = admin.done("/keys", SHOP)
    new = admin.done(f"/keys/{old['key_id']}/rotate", {"overlap_seconds": 10})
    assert (new["name"], new["scopes"]) == ("shop", ["write"])
    parts.access.authenticate(old["secret"])
    clock.advance(10_000)
    with pytest.raises(Unauthenticated):
        parts.access.authenticate(old["secret"])
    problem(admin.post(f"/keys/{old['key_id']}/rotate"), 409)
    assert admin.done(f"/keys/{new['key_id']}/revoke")["live"] is False
    with pytest.raises(Unauthenticated):
        parts.access.authenticate(new["secret"])
    (name,) = {a["actor"] for a in admin.get("/workspaces/demo/acts").json()["data"][-3:]}
    assert name == "admin"


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"name": "x"}, {"name": "", "scopes": ["read"]}, {"name": "x", "scopes": []},
     {"name": "x", "scopes": ["root"]}, {"name": "\u0000", "scopes": ["read"]},
     {"name": "x" * 101, "scopes": ["read"]}, {**SHOP, "secret": "mine"}],
)  # fmt: skip
def test_rubbish_makes_no_key(admin: Caller, parts: Parts, body: Any) -> None:
    before = len(parts.access.keys("demo"))
    problem(admin.post("/keys", body), 422)
    assert len(parts.access.keys("demo")) == before


@pytest.mark.parametrize("overlap", [-1, 10**9, "long", None, 1.5])
def test_a_strange_overlap_is_refused(admin: Caller, overlap: Any) -> None:
    key_id = admin.done("/keys", SHOP)["key_id"]
    problem(admin.post(f"/keys/{key_id}/rotate", {"overlap_seconds": overlap}), 422)


def test_only_an_admin_handles_keys(parts: Parts, admin: Caller) -> None:
    keys = make_keys(parts)
    key_id = admin.done("/keys", SHOP)["key_id"]
    for secret in (keys.write, keys.read):
        caller = Caller(parts, secret)
        problem(caller.get("/keys"), 403)
        problem(caller.post("/keys", SHOP), 403)
        problem(caller.post(f"/keys/{key_id}/rotate"), 403)
        problem(caller.post(f"/keys/{key_id}/revoke"), 403)
        problem(caller.patch("/workspaces/demo", {"time_zone": "UTC"}), 403)
        problem(caller.post("/workspaces/demo/rotate-tokens"), 403)
        problem(caller.get("/workspaces/demo/acts"), 403)


def test_an_admin_changes_its_own_workspace(admin: Caller, parts: Parts) -> None:
    told = admin.patch("/workspaces/demo", {"gpc_mode": "drop", "time_zone": "Europe/Paris"})
    assert told.json() == {
        "id": "demo", "time_zone": "Europe/Paris", "base_currency": "EUR", "gpc_mode": "drop",
    }  # fmt: skip
    assert parts.access.workspace("demo").gpc_mode is GpcMode.DROP
    assert admin.get("/workspaces").json()["data"] == [admin.get("/workspaces/demo").json()]
    problem(admin.patch("/workspaces/demo", {"time_zone": "Mars"}), 422)
    problem(admin.patch("/workspaces/demo", {"gpc_mode": "never"}), 422)
    problem(admin.patch("/workspaces/demo", {"base_currency": "USD"}), 422)


def test_new_tokens_are_signed_with_the_newest_key(admin: Caller, parts: Parts) -> None:
    def signed_with() -> int:
        url = Tracking(parts, "demo", None).unsubscribe_url(uuid_of(1), uuid_of(2))
        signed = unpack(url.rpartition("/")[2])
        assert signed is not None
        return signed.key_id

    before = signed_with()
    assert admin.done("/workspaces/demo/rotate-tokens") == {"newest": before + 1, "keys": 2}
    assert signed_with() == before + 1


def test_no_workspace_sees_another(admin: Caller, stranger: Caller, parts: Parts) -> None:
    key_id = admin.done("/keys", SHOP)["key_id"]
    assert key_id not in stranger.get("/keys").text
    problem(stranger.post(f"/keys/{key_id}/rotate"), 404)
    problem(stranger.post(f"/keys/{key_id}/revoke"), 404)
    for path in ("/workspaces/demo", "/workspaces/demo/acts"):
        problem(stranger.get(path), 404)
    problem(stranger.patch("/workspaces/demo", {"gpc_mode": "drop"}), 404)
    problem(stranger.post("/workspaces/demo/rotate-tokens"), 404)
    assert [row["id"] for row in stranger.get("/workspaces").json()["data"]] == ["other"]
    assert parts.access.workspace("demo").gpc_mode is GpcMode.KEEP
    assert parts.vault.token_keys("demo").newest == 1
