"""A token opens its own workspace alone, at every door that takes one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from services.collector.tokens import Purpose, Token, sign
from tests.services.collector.site import LINK_TEXT, MESSAGE, RECIPIENT, Site
from tests.support.parts import register

OTHER = "other"
THEIRS = "https://other.example/"
DOORS: dict[str, tuple[Purpose, str, Callable[[str], str]]] = {
    "pixel": (Purpose.OPEN, "GET", lambda token: f"/o/{token}.gif"),
    "click": (Purpose.CLICK, "GET", lambda token: f"/c/{token}"),
    "unsubscribe": (Purpose.UNSUBSCRIBE, "POST", lambda token: f"/u/{token}"),
}
by_door = pytest.mark.parametrize("door", DOORS)


@pytest.fixture
def shared(site: Site) -> Site:
    """Two workspaces whose links have the same number."""
    site.parts.access.create_workspace(OTHER, "UTC", "EUR")
    site.register_link()
    register(site.parts, "link", {"number": LINK_TEXT, "url": THEIRS}, workspace=OTHER)
    return site


@by_door
def test_a_hit_is_stored_in_the_workspace_of_its_token(shared: Site, door: str) -> None:
    purpose, method, path = DOORS[door]
    reply = shared.ask(method, path(shared.token(purpose, OTHER)))
    assert reply.status_code in (200, 302)
    event = shared.event()
    assert (event.workspace, UUID(event.subject_id)) == (OTHER, RECIPIENT)
    if door == "click":
        assert reply.headers["location"].startswith(THEIRS)


@by_door
def test_keys_of_one_workspace_sign_for_no_other(shared: Site, door: str) -> None:
    purpose, method, path = DOORS[door]
    number = shared.parts.access.workspace(OTHER).number
    token = Token(number, recipient=RECIPIENT, about=MESSAGE, expiry=2**32 - 1, link=0)
    shared.ask(method, path(sign(purpose, token, shared.parts.vault.token_keys("demo"))))
    assert shared.events() == []
