from __future__ import annotations

import gzip
from typing import Any
from uuid import UUID

import orjson
import pytest

from events.codec import payload_of
from events.cursor import Cursor
from schemas.batches import BatchEffects
from schemas.catalogue import Topic
from schemas.documents import BatchDocument
from schemas.facts.order import OrderNoted
from schemas.facts.tracked import EventTracked
from schemas.ids import event_id
from schemas.instants import Precision, parse_instant
from services.collector.events_door import MANY, ONE
from services.commands import batches
from services.commands.commander import Commander, Order
from services.settings import Settings
from tests.services.api.fake_reads import a_batch
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import MESSAGE, RECIPIENT, Site, cloud_event
from tests.support.parts import make_keys, make_parts

BATCH = UUID("55555555-5555-4555-8555-555555555555")
NO_EFFECTS = BatchEffects(refs=[], count=0, prepared=False)
YEAR = 365 * 86_400_000


def test_an_event_is_stored_with_all_its_attributes(site: Site) -> None:
    told = cloud_event(
        subject=f"contact:{RECIPIENT}", precision="day", batchid=str(BATCH), sourceseq=7,
        visitorid=str(MESSAGE), campaignid=str(BATCH), correlationid=str(BATCH),
        causationid=str(MESSAGE), test=True,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )  # fmt: skip
    reply = site.send(told)
    assert reply.status_code == 202
    receipt = reply.json()
    assert (receipt["accepted"], receipt["duplicates"], receipt["rejected"]) == (1, 0, [])
    event = site.event()
    assert event.event_id == event_id("demo", "writer", "e-1")
    assert (event.workspace, event.producer, event.external_id) == ("demo", "writer", "e-1")
    assert event.key == f"demo:{RECIPIENT}"
    assert str(event.subject) == f"contact:{RECIPIENT}"
    assert event.occurred_at == parse_instant("2026-10-14T12:00:00Z")
    assert event.received_at == site.parts.clock()
    assert (event.precision, event.source_seq, event.test) == (Precision.DAY, 7, True)
    assert (event.batch_id, event.campaign_id, event.correlation_id) == (BATCH, BATCH, BATCH)
    assert (event.visitor_id, event.causation_id) == (MESSAGE, MESSAGE)
    assert event.traceparent == told["traceparent"]
    assert isinstance(payload_of(event), OrderNoted)


def test_the_reply_echoes_the_request_id(site: Site) -> None:
    reply = site.send(cloud_event(), headers={"X-Request-Id": "mine-1"})
    assert reply.headers["x-request-id"] == "mine-1"


def test_the_position_passes_the_events(site: Site) -> None:
    receipt = site.send([cloud_event(f"e-{n}") for n in range(20)]).json()
    assert receipt["accepted"] == 20
    assert site.parts.log.heads() == Cursor.decode(receipt["position"])


def test_replayed_ids_count_as_duplicates(site: Site) -> None:
    events = [cloud_event("e-1"), cloud_event("e-2"), cloud_event("e-1")]
    assert site.send(events).json()["duplicates"] == 1
    again = site.send(events).json()
    assert (again["accepted"], again["duplicates"]) == (0, 3)
    assert len(site.events()) == 2
    assert site.events(Topic.DERIVED) == []


def test_other_content_under_a_known_id_is_told_once(site: Site) -> None:
    site.send(cloud_event())
    other = cloud_event(data={**cloud_event()["data"], "category": "toys"})
    for _ in range(2):
        assert site.send(other).json()["duplicates"] == 1
    assert site.event().event_id == event_id("demo", "writer", "e-1")
    told = site.data(Topic.DERIVED)
    assert told["first_event_id"] == str(event_id("demo", "writer", "e-1"))
    assert told["difference"] == "fields: category"


def test_a_rejected_event_spoils_no_other(site: Site) -> None:
    reply = site.send([
        cloud_event("good-1"),
        cloud_event("decision", "campaign.created", data={"name": "x"}),
        cloud_event("derived", "interaction.judged", data={}),
        cloud_event("bad", data={"order_id": 5, "total": {"amount": "1.23456", "currency": "eur"}}),
        "rubbish",
        cloud_event("sealed", "sms.received", data={
            "provider_message_id": "1", "to": "+44", "keyword": "none", "text": "x",
            "from": {"hash": "0" * 64, "sealed": None},
        }),
        cloud_event("large", "own.name", data={"a": "x" * 70_000}),
        cloud_event("good-2"),
    ])  # fmt: skip
    receipt = reply.json()
    assert receipt["accepted"] == 2
    assert [(one["index"], one["reason"]) for one in receipt["rejected"]] == [
        (1, "not_a_fact"), (2, "not_a_fact"), (3, "invalid"), (4, "invalid"), (5, "invalid"),
        (6, "too_large"),
    ]  # fmt: skip
    pointers = {e["pointer"] for one in receipt["rejected"] for e in one["errors"]}
    assert {"/data/order_id", "/data/total/amount", "/data/total/currency"} <= pointers
    assert {event.external_id for event in site.events()} == {"good-1", "good-2"}


def test_a_type_of_the_senders_own_is_tracked(site: Site) -> None:
    site.send(cloud_event(kind="loyalty.points_earned", data={"points": 5}))
    tracked = payload_of(site.event())
    assert isinstance(tracked, EventTracked)
    assert (tracked.name, tracked.properties) == ("loyalty.points_earned", {"points": 5})


@pytest.mark.parametrize("kind", ["order.placed.v1", "answerback.order.placed.v1"])
def test_a_type_may_carry_its_version(site: Site, kind: str) -> None:
    site.send(cloud_event(kind=kind))
    assert site.event().type == "order.placed"


def test_an_unknown_version_of_a_known_type_is_rejected(site: Site) -> None:
    (one,) = site.send(cloud_event(kind="order.placed.v99")).json()["rejected"]
    assert one["errors"][0]["pointer"] == "/type"


def test_metadata_name_the_recipient_and_the_message(site: Site) -> None:
    data = {"provider": "p", "ab_recipient": str(RECIPIENT), "ab_message": str(MESSAGE)}
    site.send(cloud_event(kind="email.delivered", data=data))
    assert site.event().key == f"demo:{RECIPIENT}"
    assert site.data() == {"provider": "p", "message_id": str(MESSAGE)}


@pytest.mark.parametrize("name", ["ab_recipient", "ab_message"])
@pytest.mark.parametrize("value", ["x", 5, [], "1" * 31])
def test_damaged_metadata_are_pointed_at(site: Site, name: str, value: Any) -> None:
    data = {"provider": "p", "message_id": str(MESSAGE), name: value}
    (one,) = site.send(cloud_event(kind="email.delivered", data=data)).json()["rejected"]
    assert one["errors"] == [
        {"pointer": f"/data/{name}", "detail": "Send the UUID exactly as the metadata gave it."}
    ]


def test_a_told_hit_keeps_no_whole_address(site: Site) -> None:
    hit = {
        "ip": "8.8.8.8", "user_agent": "x",
        "headers": {"Referer": "https://a.example/private?q", "Cookie": "secret", "Purpose": "p"},
    }  # fmt: skip
    data = {"form_id": str(BATCH), "url": "https://a.example/f", "hit": hit}
    site.send(cloud_event(kind="form.visited", data=data))
    kept = site.data()["hit"]
    assert (kept["ip"], kept["country"]) == ("8.8.8.0", "US")
    assert kept["headers"] == {"referer": "https://a.example", "purpose": "p"}


@pytest.mark.parametrize(
    ("time", "flagged"),
    [
        pytest.param("2016-10-14T12:00:00Z", False, id="ten years ago"),
        pytest.param("2036-10-14T12:00:00Z", True, id="in ten years"),
        pytest.param("1816-10-14T12:00:00Z", True, id="two hundred years ago"),
        pytest.param("yesterday", True, id="unreadable"),
        pytest.param("", True, id="empty"),
        pytest.param(None, False, id="not told"),
    ],
)
def test_a_clock_far_off_is_stored_and_flagged(site: Site, time: str | None, flagged: bool) -> None:
    assert site.send(cloud_event(time=time)).json()["accepted"] == 1
    event = site.event()
    assert ("clock_rejected" in event.flags) == flagged
    if flagged:
        assert event.occurred_at == event.recorded_at
    if time in ("yesterday", ""):
        assert (event.time, event.source_time) == (None, time or '""')


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"), ("specversion", None), ("id", ""), ("id", 5), ("id", "x" * 501),
        ("source", ""), ("type", ""), ("type", "x" * 201), ("time", 5), ("subject", "somebody"),
        ("subject", "contact:x"), ("subject", "contact:" + "-" * 36), ("data", []), ("data", "x"),
        ("data", None), ("datacontenttype", "text/xml"), ("precision", "year"), ("batchid", "b"),
        ("sourceseq", 2**63), ("sourceseq", "x"), ("traceparent", "00"), ("test", "maybe"),
        ("data_base64", "AA=="),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_pointed_at(site: Site, attribute: str, value: Any) -> None:
    reply = site.send(cloud_event(**{attribute: value}))
    assert reply.status_code == 202
    (one,) = reply.json()["rejected"]
    assert [error["pointer"] for error in one["errors"]] == [f"/{attribute}"]
    assert site.events() == []


def test_an_event_without_data_has_empty_data(site: Site) -> None:
    event = cloud_event(kind="own.name")
    del event["data"]
    assert site.send(event).json()["accepted"] == 1
    assert site.data() == {"name": "own.name", "properties": {}}


def test_binary_mode_reads_the_attributes_from_headers(site: Site) -> None:
    headers = {
        "Authorization": f"Bearer {site.keys.write}", "Content-Type": "application/json",
        "ce-specversion": "1.0", "ce-id": "caf%C3%A9", "ce-source": "/shop", "ce-test": "true",
        "ce-type": "order.placed", "ce-sourceseq": "3", "ce-subject": f"contact:{RECIPIENT}",
    }  # fmt: skip
    content = orjson.dumps(cloud_event()["data"])
    reply = site.ask("POST", "/v1/events", content=content, headers=headers)
    assert reply.json()["accepted"] == 1
    event = site.event()
    assert (event.external_id, event.source_seq, event.test) == ("café", 3, True)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", ONE])
def test_plain_json_is_an_event(site: Site, kind: str) -> None:
    reply = site.send(cloud_event(), headers={"Content-Type": kind})
    assert reply.json()["accepted"] == 1


@pytest.mark.parametrize("kind", ["application/json", MANY, MANY + ";charset=UTF-8"])
def test_a_json_list_is_a_batch(site: Site, kind: str) -> None:
    reply = site.send([cloud_event("a"), cloud_event("b")], headers={"Content-Type": kind})
    assert reply.json()["accepted"] == 2


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded",
                                  "application/json; charset=utf-16"])  # fmt: skip
def test_another_kind_of_content_is_not_taken(site: Site, kind: str) -> None:
    assert site.send(cloud_event(), headers={"Content-Type": kind}).status_code == 415


def test_gzip_is_taken(site: Site) -> None:
    body = gzip.compress(orjson.dumps([cloud_event(str(n)) for n in range(500)]))
    headers = {"Content-Encoding": "gzip", "Content-Type": MANY}
    assert site.send(body, headers=headers).json()["accepted"] == 500


def test_an_empty_batch_is_accepted(site: Site) -> None:
    receipt = site.send([]).json()
    assert receipt == {
        "accepted": 0, "duplicates": 0, "rejected": [], "position": Cursor().encode(),
    }  # fmt: skip


def test_more_events_than_the_limit_are_too_many() -> None:
    site = Site(make_parts(settings=Settings(max_batch_events=3)))
    assert site.send([cloud_event(str(n)) for n in range(4)]).status_code == 413
    assert site.send([cloud_event(str(n)) for n in range(3)]).status_code == 202


def test_json_that_would_lose_something_is_rejected_alone_in_a_batch(site: Site) -> None:
    good = orjson.dumps(cloud_event("good"))
    twice = orjson.dumps(cloud_event("twice"))[:-1] + b',"id":"again"}'
    infinite = orjson.dumps(cloud_event("inf", "own.name"))[:-1] + b',"data":{"a":1e400}}'
    reply = site.send(
        b"[" + b",".join((twice, good, infinite)) + b"]", headers={"Content-Type": MANY}
    )
    receipt = reply.json()
    assert receipt["accepted"] == 1
    assert [one["index"] for one in receipt["rejected"]] == [0, 2]


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic abc", "Bearer ab_000000000000_" + "A" * 43,
     "Bearer \xe9"],
)  # fmt: skip
def test_without_a_valid_key_nothing_is_taken(site: Site, authorization: str) -> None:
    headers = {"Authorization": authorization.encode("latin-1"), "Content-Type": ONE}
    reply = site.ask("POST", "/v1/events", content=b"not even read", headers=headers)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_key_that_may_only_read_is_refused(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.keys.read}"}
    assert site.send(cloud_event(), headers=headers).status_code == 403


def test_an_admins_key_may_write(site: Site) -> None:
    headers = {"Authorization": f"bearer {site.keys.admin}"}
    assert site.send(cloud_event(), headers=headers).status_code == 202


def test_a_revoked_key_is_refused_at_once(site: Site) -> None:
    (key,) = (k for k in site.parts.access.keys("demo") if k.name == "writer")
    assert site.send(cloud_event()).status_code == 202
    site.parts.access.revoke_key("demo", key.key_id)
    assert site.send(cloud_event("e-2")).status_code == 401


def test_a_log_that_is_down_is_told_and_nothing_is_stored() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log))
    log.fails = True
    reply = site.send(cloud_event())
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")


def test_a_log_without_an_answer_is_not_waited_for_long() -> None:
    log = BreakableLog()
    site = Site(make_parts(log=log, settings=Settings(log_commit_timeout_seconds=0.05)))
    log.hangs = True
    assert site.send(cloud_event()).status_code == 503
    assert site.ask("GET", site.pixel()).status_code == 503


def test_two_workspaces_have_the_same_ids_apart(site: Site) -> None:
    site.parts.access.create_workspace("other", "UTC", "EUR")
    theirs = {"Authorization": f"Bearer {make_keys(site.parts, 'other').write}"}
    for headers in ({}, theirs):
        assert site.send(cloud_event(), headers=headers).json()["accepted"] == 1
    assert {event.workspace for event in site.events()} == {"demo", "other"}
    assert len({event.event_id for event in site.events()}) == 2
    assert all(event.key.startswith(event.workspace + ":") for event in site.events())


def test_a_key_that_sends_too_much_is_refused() -> None:
    site = Site(make_parts(settings=Settings(requests_per_minute=3, events_per_minute=3)))
    events = [cloud_event(f"e-{n}") for n in range(2)]
    assert site.send(events).status_code == 202
    reply = site.send(events)
    assert reply.status_code == 429
    assert 0 < int(reply.headers["retry-after"]) <= 60
    assert reply.json()["type"] == "urn:answerback:problem:rate-exceeded"
    assert [site.send(cloud_event("e-9")).status_code for _ in range(2)] == [202, 429]


def test_facts_of_an_undone_batch_are_refused(site: Site) -> None:
    good = cloud_event("e-1", batchid=str(MESSAGE))
    bad = cloud_event("e-2", batchid=str(BATCH))
    assert site.send([good, bad]).json()["accepted"] == 2
    undone(site, BATCH)
    later = [{**good, "id": "e-3"}, {**bad, "id": "e-4"}, {**good, "id": "e-5"}]
    for params in ({"dry_run": "true"}, {}):
        told = site.send(later, params=params).json()
        assert told["accepted"] == 2
        assert [(one["index"], one["detail"]) for one in told["rejected"]] == [
            (1, "This batch was undone: send its facts under another batchid.")
        ]


def undone(site: Site, batch: UUID) -> None:
    """Decide that the facts of a batch count no more."""
    parts, view = site.parts, a_batch(batch)
    commander = Commander(parts.gate, parts.composer, parts.clock, 10)
    decide = batches.undo("x", lambda: (view, NO_EFFECTS), parts.clock())
    order = Order(workspace="demo", actor="user:ada")
    commander.run(order, batches.stream_of(batch), BatchDocument, decide, lambda _: (200, b""))
