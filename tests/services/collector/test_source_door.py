"""What a landing page's script tells: which facts it becomes, when, whose, and never an error."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.codec import payload_of
from schemas.catalogue import Topic
from schemas.envelope import Event
from schemas.fields import SealedValue
from schemas.ids import event_id, named_id
from services.metrics import EVENTS_REJECTED
from services.settings import Settings
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import ORIGIN, SOURCE, Site
from tests.support.parts import make_parts, register

VISITOR = "66666666-6666-4666-8666-666666666666"
CONTACT = "77777777-7777-4777-8777-777777777777"
PAGE = {"url": ORIGIN + "/a?utm_source=mail&answerback_cid=ab12&mail=ann@example.com#top",
        "referrer": "https://search.example/?q=x"}  # fmt: skip


@pytest.fixture
def site(site: Site) -> Site:
    site.register_source(
        events={"Order Completed": "order.placed", "Got It": "asset.downloaded"}
    )  # fmt: skip
    return site


def track(name: str = "Played", **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "anonymousId": VISITOR, "messageId": "m-1", **more}


def kinds(site: Site) -> list[str]:
    return sorted(event.type for event in site.events())


def rejected(reason: str) -> float:
    return EVENTS_REJECTED.labels(reason)._value.get()


def only(site: Site) -> tuple[Event, dict[str, Any]]:
    event = site.event()
    payload_of(event)  # it can be read back
    return event, orjson.loads(event.data)


def test_an_event_is_stored_under_its_own_name(site: Site) -> None:
    reply = site.call(track(properties={"length": 5}))
    assert (reply.status_code, reply.content) == (204, b"")
    assert not {"set-cookie", "etag"} & set(reply.headers)
    event, data = only(site)
    assert event.type == "event.tracked"
    assert event.event_id == event_id("demo", f"source:{SOURCE}", "m-1")
    assert (event.external_id, event.subject_id) == ("m-1", VISITOR)
    assert (data["name"], data["properties"]) == ("Played", {"length": 5})


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "application/json", ""])
def test_every_content_type_a_page_can_send_is_read(site: Site, kind: str) -> None:
    assert site.call(track(), **{"Content-Type": kind}).status_code == 204
    assert len(site.events()) == 1


def test_the_same_message_is_stored_once(site: Site) -> None:
    first = track(sentAt="2026-10-14T12:00:00Z", originalTimestamp="2026-10-14T11:59:00Z")
    site.call(first)
    site.call({**first, "sentAt": "2026-10-14T12:05:00Z"})  # it was sent again later
    assert len(site.events()) == 1
    assert site.events(Topic.DERIVED) == []
    site.call({**first, "properties": {"other": 1}})
    assert [event.type for event in site.events(Topic.DERIVED)] == ["fact.conflicted"]


def test_a_page_is_seen_without_what_its_address_may_tell_of_a_person(site: Site) -> None:
    site.call({"type": "page", "anonymousId": VISITOR, "context": {"page": PAGE}})
    event, data = only(site)
    assert event.type == "page.viewed"
    assert (data["url"], data["referrer"]) == (ORIGIN + "/a", "https://search.example/")
    assert (data["utm"], data["click_token"]) == ({"utm_source": "mail"}, "ab12")
    assert data["hit"]["ip"] == "203.0.113.0"
    assert b"ann@example.com" not in event.data


def test_a_campaign_in_the_context_stands_over_the_address(site: Site) -> None:
    campaign = {"source": "news", "name": "SPRING", "medium": 5}
    site.call({"type": "page", "anonymousId": VISITOR,
               "context": {"page": PAGE, "campaign": campaign}})  # fmt: skip
    assert only(site)[1]["utm"] == {"utm_source": "news", "utm_campaign": "SPRING"}


def test_a_screen_is_seen_by_its_name_and_a_page_nowhere_is_kept_as_an_event(site: Site) -> None:
    site.call({"type": "screen", "name": "Home", "anonymousId": "a"},
              {"type": "page", "name": "Nowhere", "anonymousId": "a"})  # fmt: skip
    told = {event.type: orjson.loads(event.data) for event in site.events()}
    assert told["page.viewed"]["url"] == "Home"
    assert told["event.tracked"]["name"] == "Nowhere"


def test_identify_tells_of_the_contact_and_of_the_visitor(site: Site) -> None:
    traits = {"email": "Ann@example.com", "name": "Ann Lee", "plan": "pro", "birthday": "1990",
              "address": {"city": "Berlin", "country": "de"}}  # fmt: skip
    site.call({"type": "identify", "anonymousId": VISITOR, "userId": CONTACT, "traits": traits,
               "messageId": "m-2"})  # fmt: skip
    told = {event.type: event for event in site.events()}
    assert set(told) == {"contact.changed", "visitor.identified"}
    contact = told["contact.changed"]
    changes = orjson.loads(contact.data)["changes"]
    assert (changes["city"], changes["country"]) == ("Berlin", "DE")
    assert changes["attributes"] == {"plan": "pro"}
    assert changes["email"][0]["hash"] == site.parts.sealer.hash_of("demo", "ann@example.com")
    sealed = SealedValue.model_validate(changes["first_name"])
    assert site.parts.sealer.open("demo", sealed) == "Ann"
    assert (contact.subject_id, told["visitor.identified"].subject_id) == (CONTACT, VISITOR)
    for event in told.values():
        assert b"1990" not in event.data
        assert b"Lee" not in event.data


def test_ids_that_are_no_uuids_always_mean_the_same_records(site: Site) -> None:
    site.call(track(userId="ann-17", anonymousId="browser-1"))
    event, data = only(site)
    assert event.subject_id == str(named_id("demo", "contact", "ann-17"))
    assert UUID(data["visitor_id"]) == named_id("demo", "visitor", "browser-1")


def test_group_and_alias(site: Site) -> None:
    site.call(
        {"type": "group", "userId": CONTACT, "groupId": "acme",
         "traits": {"name": "Acme", "employees": 12, "plan": "pro", "industry": "Tools"}},
        {"type": "alias", "userId": CONTACT, "previousId": "old"},
    )  # fmt: skip
    told = {event.type: orjson.loads(event.data) for event in site.events()}
    assert told["account.changed"]["id"] == str(named_id("demo", "account", "acme"))
    assert told["account.changed"]["changes"]["employees"] == 12
    assert told["account.changed"]["changes"]["attributes"] == {"plan": "pro"}
    records = [str(named_id("demo", "contact", "old")), CONTACT]
    assert told["event.tracked"]["name"] == "alias"
    assert told["event.tracked"]["properties"] == {"records": records}


def test_an_event_is_mapped_to_the_type_that_the_source_names(site: Site) -> None:
    order = {"order_id": "o-1", "total": 12.5, "currency": "EUR",
             "products": [{"product_id": "p-1", "category": "books"}]}  # fmt: skip
    site.call(track("Order Completed", userId=CONTACT, properties=order))
    event, data = only(site)
    assert (event.type, event.subject_id) == ("order.placed", CONTACT)
    assert data["total"]["amount"] == "12.5"
    assert (data["product_id"], data["category"]) == ("p-1", "books")


def test_what_the_type_does_not_take_stays_an_event(site: Site) -> None:
    before = rejected("unmapped")
    site.call(track("Order Completed", properties={"order_id": 7}))
    assert only(site)[1]["name"] == "Order Completed"
    assert rejected("unmapped") == before + 1


def test_a_form_that_was_shown_is_seen(site: Site) -> None:
    properties = {"form_id": VISITOR, "url": ORIGIN + "/form"}
    site.call(track("Form Viewed", properties=properties))
    event, data = only(site)
    assert (event.type, data["form_id"]) == ("form.visited", VISITOR)
    assert (data["url"], data["visitor_id"]) == (ORIGIN + "/form", VISITOR)


@pytest.mark.parametrize(
    ("original", "sent", "expected"),
    [
        ("2026-10-01T08:59:00Z", "2026-10-01T09:00:00Z", -60_000),
        ("1999-01-01T00:00:00Z", "1999-01-01T00:01:00Z", -60_000),
        ("2031-01-01T00:00:00Z", "2031-01-01T00:00:30Z", -30_000),
    ],
    ids=["a right clock", "one in another century", "one years ahead"],
)
def test_the_time_is_corrected_by_what_the_sender_clock_was_off(
    site: Site, original: str, sent: str, expected: int
) -> None:
    site.call(track(originalTimestamp=original, sentAt=sent))
    event, data = only(site)
    now = site.parts.clock()
    assert (event.received_at, event.occurred_at) == (now, now + expected)
    assert event.source_time == original
    assert data["clocks"] == {"original": original, "sent": sent}
    assert event.flags == ()


@pytest.mark.parametrize(
    "original", ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x" * 500]
)
def test_a_time_that_nobody_could_believe_is_kept_and_flagged(site: Site, original: str) -> None:
    site.call(track(originalTimestamp=original))
    event, _ = only(site)
    assert event.occurred_at == event.recorded_at
    assert event.flags == ("clock_rejected",)
    assert event.source_time == original[:100]


def test_without_a_clock_the_arrival_is_the_time(site: Site) -> None:
    site.call(track(sentAt="2026-10-14T12:00:00Z"))
    event, _ = only(site)
    assert (event.occurred_at, event.flags) == (site.parts.clock(), ())


def test_a_batch_tells_its_items_what_holds_for_all(site: Site) -> None:
    body = {
        "batch": [track(), {"type": "page", "anonymousId": VISITOR, "messageId": "m-2"}],
        "sentAt": "2026-10-01T09:00:00Z", "context": {"page": PAGE},
    }  # fmt: skip
    assert site.call(body).status_code == 204
    assert kinds(site) == ["event.tracked", "page.viewed"]
    assert all(b"2026-10-01T09:00:00Z" in event.data for event in site.events())


@pytest.mark.parametrize(
    "item",
    [
        5, None, "x", [], {}, {"type": "wave"}, {"type": ["track"]}, {"type": "track"},
        {"type": "track", "event": "x"}, track(event=""), track(event={"a": 1}),
        track(anonymousId=["x"]), track(messageId="x" * 101), track(messageId={}),
        {"type": "identify", "anonymousId": "a", "traits": {"email": "ann@example.com"}},
        {"type": "group", "userId": "a"}, {"type": "alias", "anonymousId": "a"},
        track(event="a\u0000b"), track(event="x" * 201),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_call_is_kept_sealed_and_spoils_no_other(site: Site, item: Any) -> None:
    before = rejected("invalid")
    assert site.call(item, track(messageId="good")).status_code == 204
    assert kinds(site) == ["event.tracked", "provider.event_unrecognized"]
    (kept,) = (e for e in site.events() if e.type != "event.tracked")
    assert b"ann@example.com" not in kept.data
    raw = SealedValue.model_validate(orjson.loads(kept.data)["raw"])
    assert orjson.loads(site.parts.sealer.open("demo", raw)) == (
        {"sentAt": None, **item} if isinstance(item, dict) else item
    )
    assert rejected("invalid") == before + 1


def test_an_item_that_is_too_large_is_counted_and_spoils_no_other(site: Site) -> None:
    before = rejected("too_large")
    large = track(messageId="large", properties={"x": "y" * 70_000})
    assert site.call(large, track()).status_code == 204
    assert len(site.events()) == 1
    assert rejected("too_large") == before + 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"\xff", 400), (b"[]", 422), (b"5", 422), (b'{"batch":5}', 422),
     (b'{"a":1,"a":2}', 422), (b'{"batch":[1e999]}', 422), (b"[" * 100_000, 422)],
)  # fmt: skip
def test_rubbish_is_a_problem(site: Site, body: bytes, status: int) -> None:
    reply = site.ask("POST", f"/e/{SOURCE}", content=body)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert site.events() == []


def test_limits_of_a_request(site: Site) -> None:
    assert site.call({"batch": [1] * 1001}).status_code == 413
    assert site.ask("POST", f"/e/{SOURCE}", content=b"x" * (2 << 20)).status_code == 413
    assert site.call(track(), **{"Content-Type": "text/html"}).status_code == 415
    assert site.call({"batch": []}).status_code == 204
    assert site.ask("GET", f"/e/{SOURCE}").status_code == 405


@pytest.mark.parametrize("path", ["/e/", "/e/x", f"/e/{VISITOR}", f"/e/{SOURCE}/more"])
def test_an_unknown_source_is_not_found(site: Site, path: str) -> None:
    assert site.ask("POST", path, json=track()).status_code == 404


@pytest.mark.parametrize("more", [{"enabled": False}, {"kind": "hook"}], ids=["off", "other"])
def test_a_source_that_is_off_or_no_page_takes_nothing(site: Site, more: dict[str, Any]) -> None:
    site.register_source(version=2, **more)
    assert site.call(track()).status_code == 404
    assert site.ask("GET", f"/s/{SOURCE}.js").status_code == 404


def test_a_page_that_the_source_does_not_list_is_refused(site: Site) -> None:
    assert site.call(track(), Origin="https://evil.example").status_code == 403
    assert site.events() == []


def test_too_much_from_one_address_or_in_all_is_refused() -> None:
    limits = Settings(source_rate_per_minute=2, requests_per_minute=3)
    site = Site(make_parts(settings=limits))
    site.register_source()
    answers: list[httpx.Response] = []
    for peer in ("203.0.113.1", "203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.3"):
        site.peer = peer
        answers.append(site.call(track(messageId=peer)))
    assert [reply.status_code for reply in answers] == [204, 204, 429, 204, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["access-control-allow-origin"] == ORIGIN


def test_too_many_events_are_refused() -> None:
    site = Site(make_parts(settings=Settings(events_per_minute=3)))
    site.register_source()
    assert site.call(track(messageId="a"), track(messageId="b")).status_code == 204
    assert site.call(track(messageId="c"), track(messageId="d")).status_code == 429
    assert len(site.events()) == 2


def test_a_log_that_is_down_is_told() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    site.register_source()
    log.fails = True
    reply = site.call(track())
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")


def test_nobody_can_take_another_workspaces_source(site: Site) -> None:
    site.parts.access.create_workspace("thief", "UTC", "EUR")
    register(site.parts, "source", {"source_id": str(SOURCE), "name": "Mine"}, workspace="thief")
    site.call(track())
    assert site.event().workspace == "demo"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["url", "page", "email", "name", "total", "products", "campaign", "x"]),
        inner, max_size=5,
    ),
    max_leaves=10,
)  # fmt: skip
CALLS = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias"])},
    optional=dict.fromkeys(
        (
            "event", "userId", "anonymousId", "messageId", "groupId", "previousId", "properties",
            "traits", "context", "timestamp", "sentAt", "name",
        ),
        JSON,
    ),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(CALLS, min_size=1, max_size=4))
def test_no_call_whatever_it_says_is_an_error(site: Site, calls: list[Any]) -> None:
    reply = site.call({"batch": calls})
    assert reply.status_code in (204, 422), reply.text
    for event in site.events():
        payload_of(event)
