"""A real server with a campaign of two workspaces, and a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import NoBrowser, open_browser
from tests.support.served import Served, make_key

ADA = str(UUID(int=0xADA))
OWNER = str(UUID(int=0xB0B))


class Site:
    """A workspace of the server, as somebody with its key uses it beside the page."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self.key = key
        self._numbers = count(1)

    def command(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {**self.bearer, "Idempotency-Key": f"browser-{next(self._numbers)}"}
        reply = httpx.post(
            f"{self.address}/api/v1{path}", json=body, headers=headers, trust_env=False
        )
        assert reply.is_success, reply.text
        told: dict[str, Any] = reply.json()
        return told

    def read(self, path: str) -> dict[str, Any]:
        reply = httpx.get(f"{self.address}/api/v1{path}", headers=self.bearer, trust_env=False)
        assert reply.is_success, reply.text
        told: dict[str, Any] = reply.json()
        return told

    def warm(self) -> None:
        """Have figures counted once: on a busy machine the first take longer than a page waits."""
        path = f"{self.address}/api/v1/kpis?group_by=campaign"
        httpx.get(path, headers=self.bearer, timeout=120, trust_env=False).raise_for_status()

    def tell_of_ada(self) -> None:
        fact = {
            "specversion": "1.0", "id": "ada", "source": "/crm", "type": "contact.created",
            "time": "2026-10-13T08:00:00Z", "datacontenttype": "application/json",
            "data": {"id": ADA, "changes": {
                "first_name": "Ada", "last_name": "Lovelace", "email": ["ada@example.com"]}},
        }  # fmt: skip
        headers = {**self.bearer, "Content-Type": "application/cloudevents+json"}
        reply = httpx.post(f"{self.address}/v1/events", json=fact, headers=headers, trust_env=False)
        assert reply.is_success, reply.text

    def respond(self, campaign: str, **other: Any) -> str:
        body = {"campaign_id": campaign, "type": "call", **other}
        return str(self.command("/responses", body)["response_id"])

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


# Not for the whole session: while it runs, no test of its process can have a loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with open_browser() as opened:
            yield opened
    except NoBrowser as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    installation = Served(tmp_path_factory.mktemp("page"))
    yield installation
    installation.stop()


@pytest.fixture(scope="module")
def sites(served: Served) -> tuple[Site, Site]:
    keys = [make_key(served, workspace) for workspace in ("demo", "other")]
    served.start()
    made = Site(served.address, keys[0]), Site(served.address, keys[1])
    for one in made:
        one.warm()
    return made


@pytest.fixture(scope="module")
def site(sites: tuple[Site, Site]) -> Site:
    return sites[0]


@pytest.fixture(scope="module")
def other(sites: tuple[Site, Site]) -> Site:
    return sites[1]


@pytest.fixture(scope="module")
def campaign(site: Site) -> str:
    site.tell_of_ada()
    body = {"name": "Spring offer", "goal": "awareness", "expected_response": 15,
            "budget": {"amount": "900", "currency": "EUR"}}  # fmt: skip
    return str(site.command("/campaigns", body)["campaign_id"])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    opened = context.new_page()
    problems: list[str] = []
    # What the policy forbids, and what a script does not catch, is told on the console.
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console", lambda m: problems.append(m.text) if "Content Security" in m.text else None
    )
    yield opened
    context.close()
    assert problems == []
