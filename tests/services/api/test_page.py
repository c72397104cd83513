"""The plain page and its sessions."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest

from schemas.errors import Unauthenticated
from services.dashboard.sessions import LIFETIME, opened, session_of
from services.parts import Parts
from services.settings import Settings
from tests.services.api.caller import Caller
from tests.services.api.fake_reads import FakeReads
from tests.support.clock import SettableClock
from tests.support.parts import make_keys, make_parts


def log_in(caller: Caller, key: str) -> httpx.Response:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return caller.ask("POST", "/login", content=urlencode({"key": key}), headers=headers)


def cookie_of(reply: httpx.Response) -> str:
    return str(reply.headers["set-cookie"]).partition(";")[0]


def page(caller: Caller, cookie: str) -> httpx.Response:
    return caller.ask("GET", "/", headers={"Cookie": cookie})


def test_page_asks_for_a_key(admin: Caller) -> None:
    reply = admin.ask("GET", "/")
    assert reply.status_code == 200
    assert 'name="key"' in reply.text
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    # A bearer key opens the API, not the page.
    assert 'name="key"' in admin.ask("GET", "/", headers=admin.headers).text


def test_page_shows_campaigns_and_kpis_to_a_session(
    admin: Caller, parts: Parts, reads: FakeReads
) -> None:
    reads.campaigns.append(admin.campaign(name="<script>alert(1)</script>")["campaign_id"])
    reply = log_in(admin, make_keys(parts).read)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in reply.headers["set-cookie"]
    text = page(admin, cookie_of(reply)).text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>" not in text
    assert "open rate" in text
    assert "75.000%" in text


def test_page_says_why_figures_are_missing(admin: Caller, parts: Parts, reads: FakeReads) -> None:
    admin.campaign(name="Spring offer")
    reads.behind = 1
    text = page(admin, cookie_of(log_in(admin, make_keys(parts).read))).text
    assert "The figures are not ready yet." in text
    assert "Spring offer" in text


def test_page_shows_its_own_workspace_only(admin: Caller, stranger: Caller, parts: Parts) -> None:
    admin.campaign(name="Secret plan")
    reply = log_in(stranger, make_keys(parts, "other").read)
    text = page(stranger, cookie_of(reply)).text
    assert "Secret plan" not in text
    assert "no campaigns yet" in text


@pytest.mark.parametrize("key", ["", "ab_x", "\u00e9\x00", "x" * 100_000])
def test_login_refuses_what_is_no_key(admin: Caller, key: str) -> None:
    reply = log_in(admin, key)
    assert reply.status_code == 401
    assert "set-cookie" not in reply.headers


def test_login_needs_a_key_that_may_read(admin: Caller, parts: Parts) -> None:
    assert log_in(admin, make_keys(parts).write).status_code == 401


def test_login_takes_broken_and_oversized_bodies(admin: Caller) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    many = "&".join(f"a{n}=1" for n in range(50)).encode()
    for content in (b"\xff\xfe", b"%ff%00&&==", b"", many):
        assert admin.ask("POST", "/login", content=content, headers=headers).status_code == 401
    assert admin.ask("POST", "/login", content=b"x" * 2_000_000).status_code == 413


def test_session_ends_with_its_key_its_time_or_the_logout(
    admin: Caller, parts: Parts, clock: SettableClock
) -> None:
    cookie = cookie_of(log_in(admin, make_keys(parts).read))
    assert "Log out" in page(admin, cookie).text
    gone = admin.ask("POST", "/logout", headers={"Cookie": cookie})
    assert "Max-Age=0" in gone.headers["set-cookie"]
    for key in parts.access.keys("demo"):
        if key.name == "reader":
            parts.access.revoke_key("demo", key.key_id)
    assert "Log out" not in page(admin, cookie).text
    fresh = cookie_of(log_in(admin, make_keys(parts).admin))
    clock.advance(LIFETIME)
    assert "Log out" not in page(admin, fresh).text


def test_session_cannot_be_forged(parts: Parts) -> None:
    make_keys(parts)
    reader = next(k for k in parts.access.keys("demo") if k.name == "reader")
    admin = next(k for k in parts.access.keys("demo") if k.name == "admin")
    cookie = opened(parts, parts.access.principal(reader.key_id))
    assert session_of(parts, cookie).name == "reader"
    number, _, expiry, mac = cookie.split(".")
    forged = [
        f"{number}.{admin.key_id}.{expiry}.{mac}",
        f"{number}.{reader.key_id}.{int(expiry) + 1}.{mac}",
        f"99.{reader.key_id}.{expiry}.{mac}",
        f"{number}.{reader.key_id}.{expiry}.{'A' * 43}",
        cookie[:-1],
        cookie + "A",
        "",
        "\u00e9",
    ]
    for text in forged:
        with pytest.raises(Unauthenticated):
            session_of(parts, text)


def test_page_survives_strange_cookies(admin: Caller) -> None:
    for cookie in (
        "answerback_session",
        "answerback_session=;;;",
        "a=b; =; answerback_session=\\x",
    ):
        assert 'name="key"' in page(admin, cookie).text


def test_session_cookie_is_secure_under_https(clock: SettableClock) -> None:
    settings = Settings(public_url="https://answerback.example.com")
    parts = make_parts(reads=FakeReads(), clock=clock, settings=settings)
    keys = make_keys(parts)
    assert "Secure" in log_in(Caller(parts, keys.admin), keys.read).headers["set-cookie"]
