"""The pages about lists: what there is, who is on one, and why."""

from __future__ import annotations

from uuid import UUID, uuid4

from schemas.instants import to_datetime
from schemas.views import MemberView
from services.parts import Parts
from tests.services.api.caller import Caller
from tests.services.api.fake_reads import FakeReads
from tests.services.dashboard.test_page import cookie_of, log_in
from tests.support.clock import MORNING
from tests.support.parts import make_keys

RULE = {"v": 1, "member": "contact", "tz": "UTC",
        "where": {"field": "city", "op": "eq", "value": "<Gdynia>"}}  # fmt: skip


def shown(caller: Caller, parts: Parts, path: str) -> str:
    cookie = cookie_of(log_in(caller, make_keys(parts).read))
    reply = caller.ask("GET", path, headers={"Cookie": cookie})
    assert reply.status_code == 200, reply.text
    return str(reply.text)


def made(caller: Caller, name: str) -> str:
    said = {"name": name, "kind": "dynamic", "member_type": "contact"}
    told: str = caller.done("/lists", said)["list_id"]
    return told


def test_lists_are_shown_with_rule_members_and_reasons(
    admin: Caller, parts: Parts, reads: FakeReads
) -> None:
    assert "There are no lists yet." in shown(admin, parts, "/lists")
    name, member = made(admin, "<b>Coast</b>"), uuid4()
    text = shown(admin, parts, f"/lists/{name}")
    assert "No rule is in force" in text
    assert "Nobody was on this list in these days." in text
    admin.done(f"/lists/{name}/rule", RULE)
    view = MemberView(
        member=member, kind="contact", since=to_datetime(MORNING), until=None,
        definition_version=1, cause_event_id=uuid4(), cause_clause="/where",
    )  # fmt: skip
    reads.listed.append(("demo", UUID(name), view))
    text = shown(admin, parts, "/lists")
    assert "&lt;b&gt;Coast" in text
    assert "<b>" not in text
    text = shown(admin, parts, f"/lists/{name}")
    assert "city is &#x27;&lt;Gdynia&gt;&#x27;" in text
    assert f"/lists/{name}/{member}" in text
    assert "1 contacts. In the last 30 days 1 came and 0 went." in text
    assert '<td class="num">1</td><td class="num">0</td><td class="num">1</td>' in text
    assert "is on the list" in shown(admin, parts, f"/lists/{name}/{member}")
    assert "is not on the list" in shown(admin, parts, f"/lists/{name}/{uuid4()}")
    part = shown(admin, parts, f"/lists/{name}?part=members")
    assert "<html" not in part


def test_a_list_says_what_it_is_made_of(admin: Caller, parts: Parts, reads: FakeReads) -> None:
    by_hand = {"name": "Friends", "kind": "static", "member_type": "contact"}
    friends = admin.done("/lists", by_hand)["list_id"]
    assert "By hand." in shown(admin, parts, f"/lists/{friends}")
    view = MemberView(
        member=uuid4(), kind="contact", since=to_datetime(MORNING), until=None,
        definition_version=0, cause_event_id=uuid4(), cause_clause="",
    )  # fmt: skip
    reads.listed.append(("demo", UUID(friends), view))
    then = admin.done(f"/lists/{friends}/freeze", {"name": "Then", "as_of": "2026-10-01"})
    text = shown(admin, parts, f"/lists/{then['list_id']}")
    assert f'The members of <a href="/lists/{friends}">another list</a> as of 2026-10-01' in text
    assert "It never changes. So far 0 of 1 are on it." in text


def test_lists_of_others_are_nowhere(admin: Caller, stranger: Caller, parts: Parts) -> None:
    name = made(admin, "Coast")
    cookie = cookie_of(log_in(stranger, make_keys(parts, "other").read))
    for path in (f"/lists/{name}", f"/lists/{name}/rule", f"/lists/{name}/{uuid4()}"):
        assert stranger.ask("GET", path, headers={"Cookie": cookie}).status_code == 404
    assert "Coast" not in stranger.ask("GET", "/lists", headers={"Cookie": cookie}).text


def test_pages_of_lists_ask_for_a_key(admin: Caller) -> None:
    name = uuid4()
    for path in ("/lists", f"/lists/{name}", f"/lists/{name}/rule", f"/lists/{name}/{uuid4()}"):
        reply = admin.ask("GET", path)
        assert reply.status_code == 401
        assert 'name="key"' in reply.text


def test_a_rule_is_built_on_a_page(admin: Caller, parts: Parts) -> None:
    name, other = made(admin, "Coast"), made(admin, "<i>Other</i>")
    text = shown(admin, parts, f"/lists/{name}/rule")
    assert "&quot;member&quot;: &quot;contact&quot;" in text
    assert f'<option value="{other}">&lt;i&gt;Other' in text
    assert f'<option value="{name}">' not in text
    admin.done(f"/lists/{name}/rule", RULE)
    assert "&lt;Gdynia&gt;" in shown(admin, parts, f"/lists/{name}/rule")
    assert f'href="/lists/{name}/rule"' in shown(admin, parts, f"/lists/{name}")
    fixed = admin.done("/lists", {"name": "Fixed", "kind": "static", "member_type": "lead"})
    text = shown(admin, parts, f"/lists/{fixed['list_id']}/rule")
    assert "it has no rule" in text
    assert "textarea" not in text
