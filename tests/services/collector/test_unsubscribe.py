from __future__ import annotations

import pytest

from events.codec import payload_of
from schemas.facts.email import EmailPreference
from services.collector.tokens import Purpose
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import MESSAGE, RECIPIENT, Site
from tests.support.parts import make_parts

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path_of(site: Site, **named: int) -> str:
    return f"/u/{site.token(Purpose.UNSUBSCRIBE, **named)}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(site: Site, method: str) -> None:
    reply = site.ask(method, path_of(site))
    assert reply.status_code == 200
    assert ('method="post"' in reply.text) == (method == "GET")
    assert site.events() == []


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"data": ONE_CLICK}, id="urlencoded"),
        pytest.param({"files": {"List-Unsubscribe": (None, "One-Click")}}, id="multipart"),
    ],
)
def test_one_click_unsubscribes_at_once(site: Site, form: dict[str, object]) -> None:
    reply = site.ask("POST", path_of(site), **form)
    assert reply.status_code == 200
    assert "set-cookie" not in reply.headers
    event = site.event()
    told = payload_of(event)
    assert isinstance(told, EmailPreference)
    assert (event.type, event.key) == ("email.unsubscribed", f"demo:{RECIPIENT}")
    assert (told.message_id, told.via) == (MESSAGE, "one_click")


def test_the_button_of_the_page_unsubscribes(site: Site) -> None:
    assert site.ask("POST", path_of(site)).status_code == 200
    assert site.data()["via"] == "page"


def test_a_repeat_is_answered_alike(site: Site) -> None:
    for _ in range(2):
        assert site.ask("POST", path_of(site), data=ONE_CLICK).status_code == 200
    assert {event.type for event in site.events()} == {"email.unsubscribed"}


def test_an_expired_token_still_unsubscribes(site: Site) -> None:
    assert site.ask("POST", path_of(site, expiry=1), data=ONE_CLICK).status_code == 200
    assert site.event().flags == ("expired",)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_token_is_not_found(site: Site, method: str) -> None:
    assert site.ask(method, f"/u/{site.token(Purpose.OPEN)}").status_code == 404
    assert site.events() == []


def test_a_log_that_is_down_is_told_so_that_the_sender_comes_again() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    log.fails = True
    reply = site.ask("POST", path_of(site), data=ONE_CLICK, headers={"Accept": "text/html"})
    assert reply.status_code == 503
    assert "retry-after" in reply.headers
