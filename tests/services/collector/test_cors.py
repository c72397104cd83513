"""Pages of other origins: who is told that it may read, and never everybody."""

from __future__ import annotations

import pytest

from tests.services.collector.site import FORM, ORIGIN, SOURCE, Site

EVIL = "https://evil.example"
PATHS = [f"/f/{FORM}", f"/e/{SOURCE}"]


@pytest.fixture
def site(site: Site) -> Site:
    site.register_form()
    site.register_source()
    return site


@pytest.mark.parametrize("path", PATHS)
def test_a_listed_page_is_told_before_it_sends(site: Site, path: str) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    reply = site.ask("OPTIONS", path, headers=asked)
    assert reply.status_code == 204
    told = {n: v for n, v in reply.headers.items() if n.startswith("access-control")}
    assert told == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "authorization, content-type, x-retry-count, sp-anonymous",
        "access-control-max-age": "86400",
    }
    assert reply.headers["vary"] == "Origin"


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
@pytest.mark.parametrize("path", [*PATHS, "/e/none", f"/f/{SOURCE}"])
@pytest.mark.parametrize("origin", [EVIL, "null", "*", ORIGIN + ".evil.example", ""])
def test_no_other_page_is_told_anything(site: Site, path: str, origin: str, method: str) -> None:
    reply = site.ask(method, path, headers={"Origin": origin}, json={})
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["vary"] == "Origin"


@pytest.mark.parametrize("path", PATHS)
def test_a_refusal_can_be_read_by_a_listed_page_too(site: Site, path: str) -> None:
    headers = {"Origin": ORIGIN, "Content-Type": "application/json"}
    reply = site.ask("POST", path, content=b"[]", headers=headers)
    assert reply.status_code == 422
    assert reply.headers["access-control-allow-origin"] == ORIGIN


def test_without_a_list_every_page_is_told_but_none_with_credentials(site: Site) -> None:
    site.register_source(version=2, origins=[])
    reply = site.ask("OPTIONS", f"/e/{SOURCE}", headers={"Origin": EVIL})
    assert reply.headers["access-control-allow-origin"] == EVIL
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("path", ["/v1/events", "/o/x.gif", "/c/x", "/u/x", "/d/x"])
def test_other_doors_know_no_preflight(site: Site, path: str) -> None:
    reply = site.ask("OPTIONS", path, headers={"Origin": ORIGIN})
    assert reply.status_code == 405
    assert "access-control-allow-origin" not in reply.headers
