"""The page: the ways in and out, what it shows, and what a session may do at the API."""

from __future__ import annotations

import re
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest

from schemas.errors import Unauthenticated
from services.access import PassKind
from services.dashboard import assets
from services.parts import Parts
from services.sessions import CSRF_HEADER, LIFETIME, LINK_LIFETIME, one_time_link
from services.settings import Settings
from tests.services.api.caller import API, Caller
from tests.services.api.fake_reads import FakeReads
from tests.support.clock import SettableClock
from tests.support.parts import make_keys, make_parts

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def log_in(caller: Caller, key: str, **more: str) -> httpx.Response:
    return caller.ask("POST", "/login", content=urlencode({"key": key}), headers=FORM | more)


def csrf_of(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert found is not None
    return found[1]


def log_out(caller: Caller, cookie: str, token: str) -> httpx.Response:
    content = urlencode({"csrf_token": token})
    return caller.ask("POST", "/logout", content=content, headers={**FORM, "Cookie": cookie})


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
    assert "Open rate" in text
    assert "75.0 %" in text
    assert "3 of 4" in text


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
    keys = make_keys(parts)
    cookie = cookie_of(log_in(admin, keys.read))
    token = csrf_of(page(admin, cookie).text)
    assert log_out(admin, cookie, "wrong").status_code == 403
    assert "Log out" in page(admin, cookie).text
    gone = log_out(admin, cookie, token)
    assert "Max-Age=0" in gone.headers["set-cookie"]
    # A copy of the cookie is worth nothing either.
    assert "Log out" not in page(admin, cookie).text
    assert log_out(admin, cookie, token).status_code == 303

    cookie = cookie_of(log_in(admin, keys.read))
    for key in parts.access.keys("demo"):
        if key.name == "reader":
            parts.access.revoke_key("demo", key.key_id)
    assert "Log out" not in page(admin, cookie).text
    fresh = cookie_of(log_in(admin, keys.admin))
    clock.advance(LIFETIME)
    assert "Log out" not in page(admin, fresh).text


def test_link_opens_one_session_in_its_time(
    admin: Caller, parts: Parts, clock: SettableClock
) -> None:
    def code() -> str:
        (key,) = [k for k in parts.access.keys("demo") if k.name == "admin"]
        return one_time_link(parts.access, key.key_id, "").removeprefix("/login?code=")

    def use(text: str) -> httpx.Response:
        return admin.ask("POST", "/login", content=urlencode({"code": text}), headers=FORM)

    once = code()
    # Looking at the link, as mail programs do, does not use it up.
    assert once in admin.ask("GET", "/login", params={"code": once}).text
    assert use(once).status_code == 303
    assert use(once).status_code == 401
    late = code()
    clock.advance(LINK_LIFETIME)
    assert use(late).status_code == 401
    # A code is no session.
    assert "Log out" not in page(admin, f"answerback_session={code()}").text


def test_pass_is_of_its_kind_and_of_a_bounded_number(parts: Parts) -> None:
    make_keys(parts)
    key_id = parts.access.keys("demo")[0].key_id
    first = parts.access.open_pass(key_id, PassKind.SESSION, 1000)
    assert parts.access.pass_holder(first, PassKind.SESSION).key_id == key_id
    with pytest.raises(Unauthenticated):
        parts.access.pass_holder(first, PassKind.LINK)
    for _ in range(100):
        parts.access.open_pass(key_id, PassKind.SESSION, 1000)
    with pytest.raises(Unauthenticated):
        parts.access.pass_holder(first, PassKind.SESSION)


def test_form_of_another_site_logs_nobody_in(admin: Caller, parts: Parts) -> None:
    key = make_keys(parts).read
    assert log_in(admin, key, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert log_in(admin, key, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_session_reads_the_api_and_changes_it_only_with_the_token(
    admin: Caller, parts: Parts
) -> None:
    cookie = {"Cookie": cookie_of(log_in(admin, make_keys(parts).admin))}
    assert admin.ask("GET", f"{API}/campaigns", headers=cookie).status_code == 200
    token = csrf_of(page(admin, cookie["Cookie"]).text)
    body = {"name": "Spring", "goal": "awareness"}
    for wrong in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: token[:-1] + "_"}):
        headers = {**cookie, "Idempotency-Key": "one", **wrong}
        reply = admin.ask("POST", f"{API}/campaigns", json=body, headers=headers)
        assert reply.status_code == 403
    headers = {**cookie, "Idempotency-Key": "one", CSRF_HEADER: token}
    assert admin.ask("POST", f"{API}/campaigns", json=body, headers=headers).status_code == 201


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


def test_files_are_kept_by_their_digest_and_nothing_else_is_served(admin: Caller) -> None:
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript"),
                       ("icon.svg", "image/svg+xml")):  # fmt: skip
        reply = admin.ask("GET", assets.address_of(name))
        assert reply.content == assets.CONTENT[name]
        assert reply.headers["content-type"].startswith(kind)
        assert "immutable" in reply.headers["cache-control"]
    for path in ("/static/0/page.css", f"/static/{assets.DIGEST}/..%2fpage.py"):
        assert admin.ask("GET", path).status_code == 404


def test_page_has_no_script_or_style_of_its_own(admin: Caller, parts: Parts) -> None:
    reply = page(admin, cookie_of(log_in(admin, make_keys(parts).read)))
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\bstyle=|\bon[a-z]+=", reply.text)
    assert reply.headers["cache-control"] == "no-store"


def test_contacts_and_files_of_the_stream_need_a_session(admin: Caller) -> None:
    for path in ("/contacts", f"/contacts/{UUID(int=1)}", "/live"):
        assert admin.ask("GET", path).status_code == 401
