from __future__ import annotations

import pytest

from events.codec import payload_of
from schemas.facts.email import LinkInMessageClicked
from services.collector.tokens import Purpose
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import LINK_TEXT, MESSAGE, RECIPIENT, Site
from tests.support.parts import make_parts


def test_get_stores_the_click_and_redirects(site: Site) -> None:
    site.register_link(group="offers", utm={"source": "news letter"})
    reply = site.ask("GET", site.click())
    assert reply.status_code == 302
    assert reply.headers["location"] == (
        "https://shop.example.com/a?x=1&utm_source=news%20letter#f"
    )
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert not {"set-cookie", "etag"} & set(reply.headers)
    event = site.event()
    clicked = payload_of(event)
    assert isinstance(clicked, LinkInMessageClicked)
    assert (event.type, event.key) == ("email.clicked", f"demo:{RECIPIENT}")
    assert clicked.message_id == MESSAGE
    assert clicked.link_id == LINK_TEXT
    assert clicked.link_group == "offers"
    assert clicked.url == "https://shop.example.com/a?x=1#f"


@pytest.mark.parametrize("channel", ["email", "sms", "push"])
def test_the_link_names_the_channel_of_the_event(site: Site, channel: str) -> None:
    site.register_link(channel=channel)
    site.ask("GET", site.click())
    assert site.event().type == f"{channel}.clicked"


def test_head_redirects_and_is_stored_as_head(site: Site) -> None:
    site.register_link(kind="honeypot")
    reply = site.ask("HEAD", site.click())
    assert (reply.status_code, reply.content) == (302, b"")
    data = site.data()
    assert data["hit"]["method"] == "HEAD"
    assert data["link_kind"] == "honeypot"


def test_the_click_id_in_the_address_is_that_of_the_event(site: Site) -> None:
    site.register_link(append_click_id=True)
    location = site.ask("GET", site.click()).headers["location"]
    assert f"answerback_cid={site.event().event_id.hex}" in location


def test_an_expired_token_redirects_and_is_flagged(site: Site) -> None:
    site.register_link()
    assert site.ask("GET", site.click(expiry=1)).status_code == 302
    assert site.event().flags == ("expired",)


def test_a_request_cannot_name_the_destination(site: Site) -> None:
    site.register_link()
    reply = site.ask("GET", site.click() + "?u=https://evil.example&url=https://evil.example")
    assert "evil" not in reply.headers["location"]


@pytest.mark.parametrize("path", ["/c/", "/c/x", "/c/" + "A" * 88, "/c/https://evil.example"])
def test_a_forged_token_is_not_found(site: Site, path: str) -> None:
    site.register_link()
    reply = site.ask("GET", path)
    assert reply.status_code == 404
    assert "location" not in reply.headers
    assert site.events() == []


def test_an_open_token_is_no_click_token(site: Site) -> None:
    site.register_link()
    assert site.ask("GET", f"/c/{site.token(Purpose.OPEN)}").status_code == 404


def test_an_unknown_link_under_a_genuine_token_comes_later(site: Site) -> None:
    reply = site.ask("GET", site.click())
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_person_gets_a_page_for_it(site: Site) -> None:
    reply = site.ask("GET", site.click(), headers={"Accept": "text/html,*/*"})
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_a_link_registered_by_others_is_read_through(site: Site) -> None:
    stale = site.parts.reference
    other = Site(make_parts(log=site.parts.log, access=site.parts.access, vault=site.parts.vault))
    other.register_link()
    assert stale.link("demo", LINK_TEXT) is None
    assert site.ask("GET", site.click()).status_code == 302


def test_a_log_that_is_down_still_redirects() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    site.register_link()
    log.fails = True
    assert site.ask("GET", site.click()).status_code == 302


def test_another_method_is_refused_with_allow(site: Site) -> None:
    reply = site.ask("POST", site.click())
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD")
