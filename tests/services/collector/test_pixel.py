from __future__ import annotations

import pytest

from events.codec import payload_of
from schemas.facts.email import EmailOpened
from services.collector.pixel import GIF
from services.collector.tokens import LENGTH, Purpose
from services.metrics import EVENTS_REJECTED
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import MESSAGE, RECIPIENT, Site
from tests.support.parts import make_parts


def rejected(reason: str) -> float:
    return EVENTS_REJECTED.labels(reason)._value.get()


def test_get_stores_the_open_and_answers_the_image(site: Site) -> None:
    reply = site.ask("GET", site.pixel(), headers={"User-Agent": "Thunderbird"})
    assert reply.status_code == 200
    assert reply.content == GIF
    event = site.event()
    opened = payload_of(event)
    assert isinstance(opened, EmailOpened)
    assert event.key == f"demo:{RECIPIENT}"
    assert event.producer == "pixel"
    assert event.occurred_at == site.parts.clock()
    assert event.flags == ()
    assert opened.message_id == MESSAGE
    assert opened.hit.user_agent == "Thunderbird"
    assert opened.hit.method == "GET"
    assert opened.hit.ip == "203.0.113.0"


def test_the_reply_has_exactly_the_agreed_headers(site: Site) -> None:
    reply = site.ask("GET", site.pixel())
    assert dict(reply.headers) == {
        "content-type": "image/gif",
        "content-length": "43",
        "cache-control": "no-store, no-cache, must-revalidate, private, max-age=0",
        "pragma": "no-cache",
        "expires": "0",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex",
    }
    assert len(reply.content) == 43


def test_head_is_stored_as_head_and_answered_without_body(site: Site) -> None:
    reply = site.ask("HEAD", site.pixel())
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-length"] == "43"
    assert site.data()["hit"]["method"] == "HEAD"


def test_each_hit_is_an_event_of_its_own(site: Site) -> None:
    path = site.pixel()
    for _ in range(3):
        site.ask("GET", path)
    assert len({event.event_id for event in site.events()}) == 3


def test_an_expired_token_is_stored_with_a_flag(site: Site) -> None:
    path = site.pixel(expiry=site.parts.clock() // 1000 - 1)
    assert site.ask("GET", path).status_code == 200
    assert site.event().flags == ("expired",)


@pytest.mark.parametrize(
    "path",
    [
        "/o/.gif",
        "/o/x.gif",
        f"/o/{'A' * LENGTH}.gif",
        f"/o/{'A' * LENGTH}",
        "/o/%00%ff.gif",
        f"/o/{'x' * 5000}.gif",
    ],
)
def test_a_forged_token_gets_the_image_and_only_a_count(site: Site, path: str) -> None:
    before = rejected("bad_token")
    reply = site.ask("GET", path)
    assert (reply.status_code, reply.content) == (200, GIF)
    assert site.events() == []
    assert rejected("bad_token") == before + 1


def test_a_click_token_is_no_pixel_token(site: Site) -> None:
    assert site.ask("GET", f"/o/{site.token(Purpose.CLICK)}.gif").status_code == 200
    assert site.events() == []


def test_a_truncated_token_stores_nothing(site: Site) -> None:
    token = site.token(Purpose.OPEN)
    for length in range(0, LENGTH, 7):
        assert site.ask("GET", f"/o/{token[:length]}.gif").status_code == 200
    assert site.events() == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_refused_with_allow(site: Site, method: str) -> None:
    reply = site.ask(method, site.pixel())
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD"
    assert site.events() == []


def test_a_log_that_is_down_gives_503_with_the_image() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    log.fails = True
    before = rejected("log_unavailable")
    reply = site.ask("GET", site.pixel())
    assert (reply.status_code, reply.content) == (503, GIF)
    assert reply.headers["retry-after"] == "1"
    assert rejected("log_unavailable") == before + 1


def test_no_reply_sets_a_cookie_or_an_etag(site: Site) -> None:
    for reply in (site.ask("GET", site.pixel()), site.ask("GET", "/o/x.gif")):
        assert not {"set-cookie", "etag"} & set(reply.headers)
