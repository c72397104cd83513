"""Envelope -> record -> event -> record is the identity; times are believed only within bounds."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from uuid import UUID

import orjson
import pytest
from hypothesis import given

from events.codec import CLOCK_REJECTED, content_digest, decode, encode, payload_of, to_stored
from events.log import Record, StoredRecord
from schemas.catalogue import Topic
from schemas.envelope import Derivation, Envelope, Event, Position, Stream
from schemas.errors import Unreadable
from schemas.facts.email import EmailOpened
from schemas.instants import EARLIEST, Instant, Precision, parse_instant
from tests.support.clock import MORNING
from tests.support.envelopes import ENVELOPES, INSTANTS

PLACE = Position(Topic.FACTS, 2, 17)
ID = UUID("00000000-0000-4000-8000-00000000000a")
MINUTE = 60_000


def plain(**changes: object) -> Envelope:
    """An envelope with nothing but what every one has."""
    bare = Envelope(
        event_id=ID,
        type="email.opened",
        schema_version=1,
        topic=Topic.FACTS,
        workspace="demo",
        key="demo:x",
        producer="test",
        received_at=Instant(MORNING),
        data=b"{}",
    )
    return replace(bare, **changes)


def stored(record: Record, recorded_at: int = MORNING) -> StoredRecord:
    return StoredRecord(
        PLACE, recorded_at, record.key, record.event_id, record.type, record.head, record.data
    )


def told(envelope: Envelope, recorded_at: int = MORNING) -> Event:
    return decode(stored(encode(envelope), recorded_at))


@given(ENVELOPES, INSTANTS)
def test_codec_is_the_identity_on_records(envelope: Envelope, recorded_at: int) -> None:
    record = stored(encode(envelope), recorded_at)
    record = record._replace(position=record.position._replace(topic=envelope.topic))
    event = decode(record)
    assert to_stored(event) == record
    assert to_stored(replace(event)) == record  # which has no head, and is spelled anew


def test_an_event_keeps_the_very_bytes_of_its_head() -> None:
    head = b'{"received":"2026-11-26T12:00:00.000Z", "producer":"p", "workspace":"demo"}'
    record = StoredRecord(PLACE, MORNING, "demo:k", UUID(int=1), "page.viewed.v1", head, b"{}")
    assert to_stored(decode(record)) == record


def test_an_event_that_was_changed_is_spelled_anew() -> None:
    changed = replace(told(plain()), producer="another")
    assert b"another" in to_stored(changed).head


@given(ENVELOPES, INSTANTS)
def test_codec_is_the_identity_on_envelopes(envelope: Envelope, recorded_at: int) -> None:
    record = encode(envelope)
    place = PLACE._replace(topic=envelope.topic)
    event = decode(stored(record, recorded_at)._replace(position=place))
    assert (event.position, event.recorded_at) == (place, recorded_at)
    for field in fields(Envelope):
        if field.name != "flags":
            assert getattr(event, field.name) == getattr(envelope, field.name), field.name
    added = set(event.flags) - set(envelope.flags)
    assert added <= {CLOCK_REJECTED}


@given(ENVELOPES, INSTANTS)
def test_occurred_at_lies_within_the_bounds(envelope: Envelope, recorded_at: int) -> None:
    event = told(envelope, recorded_at)
    believed = envelope.time is not None and EARLIEST <= envelope.time <= recorded_at + 5 * MINUTE
    assert event.occurred_at == (envelope.time if believed else recorded_at)
    said_something = envelope.time is not None or envelope.source_time is not None
    assert (CLOCK_REJECTED in event.flags) == (said_something and not believed)


@pytest.mark.parametrize(
    ("time", "believed"),
    [
        (EARLIEST, True),
        (EARLIEST - 1, False),
        (MORNING + 5 * MINUTE, True),
        (MORNING + 5 * MINUTE + 1, False),
        (0, False),
        (parse_instant("0001-01-01T00:00:00Z"), False),
        (parse_instant("9999-12-31T23:59:59Z"), False),
    ],
    ids=[
        "the first moment", "just before it", "the last moment", "just behind it",
        "the zero of Unix", "the zero of some languages", "the end of the calendar",
    ],
)  # fmt: skip
def test_a_source_clock_is_believed_within_bounds(time: int, believed: bool) -> None:
    event = told(plain(time=Instant(time)))
    assert event.time == time
    assert event.occurred_at == (time if believed else MORNING)
    assert (event.flags == ()) == believed


def test_no_time_at_all_is_no_fault() -> None:
    event = told(plain())
    assert (event.occurred_at, event.flags) == (MORNING, ())


def test_an_unreadable_time_is_kept_and_flagged() -> None:
    event = told(plain(source_time="yesterday"))
    assert event.source_time == "yesterday"
    assert (event.occurred_at, event.flags) == (MORNING, (CLOCK_REJECTED,))


def test_a_corrected_time_keeps_the_source_time_without_a_flag() -> None:
    event = told(plain(time=Instant(MORNING - 1000), source_time="10 o'clock"))
    assert (event.occurred_at, event.flags) == (MORNING - 1000, ())


def test_the_flag_is_the_codecs_alone() -> None:
    record = encode(plain(flags=("expired", CLOCK_REJECTED)))
    assert orjson.loads(record.head)["flags"] == ["expired"]
    assert decode(stored(record)).flags == ("expired",)


def test_the_head_has_the_order_of_the_specification_and_leaves_out_what_is_absent() -> None:
    assert list(orjson.loads(encode(plain()).head)) == ["workspace", "producer", "received"]
    full = plain(
        time=Instant(MORNING), precision=Precision.DAY, source_time="s", stream=Stream("a", "b"),
        version=1, effective_at=Instant(MORNING), external_id="e", source_seq=0, actor="a",
        causation_id=ID, correlation_id=ID, traceparent="t", batch_id=ID, visitor_id=ID,
        subject=Stream("contact", "x"), campaign_id=ID, derived=Derivation("p", 1, 1),
        flags=("f",), test=True,
    )  # fmt: skip
    names = list(orjson.loads(encode(full).head))
    specified = [
        "stream", "version", "precision", "source_time", "effective_at", "external_id",
        "source_seq", "actor", "correlation_id", "batch_id", "visitor_id", "campaign_id",
        "derived", "flags", "test",
    ]  # fmt: skip
    assert [name for name in names if name in specified] == specified
    assert names[-len(specified) :] == specified


def test_the_digest_is_over_type_and_content_without_the_hit() -> None:
    data = orjson.dumps({"a": 1, "b": {"x": 1, "y": 2}, "hit": {"ip": "192.0.2.0"}})
    same = orjson.dumps({"hit": {}, "b": {"y": 2, "x": 1}, "a": 1})
    assert content_digest("email.opened", data) == content_digest("email.opened", same)
    others = [
        content_digest("email.clicked", data),
        content_digest("email.opened", orjson.dumps({"a": 2, "b": {"x": 1, "y": 2}})),
        content_digest("email.opened", b"{}"),
    ]
    digests = [content_digest("email.opened", data), *others]
    assert all(a != b for a, b in itertools.combinations(digests, 2))
    assert {len(digest) for digest in digests} == {16}


def test_encode_carries_the_mark_of_a_fresh_id() -> None:
    assert encode(plain(), fresh=True).fresh
    assert not encode(plain()).fresh


HEAD = encode(plain()).head


@pytest.mark.parametrize(
    "damage",
    [
        {"head": b""},
        {"head": b"not json"},
        {"head": b"[]"},
        {"head": b"7"},
        {"head": b"{}"},
        {"head": HEAD.replace(b"}", b',"time":"noon"}')},
        {"head": HEAD.replace(b"}", b',"time":7}')},
        {"head": HEAD.replace(b"}", b',"precision":"century"}')},
        {"head": HEAD.replace(b"}", b',"batch_id":"x"}')},
        {"head": HEAD.replace(b"}", b',"derived":[1]}')},
        {"head": HEAD.replace(b"}", b',"stream":7}')},
        {"type": "email.opened"},
        {"type": "email.opened.vX"},
    ],
    ids=repr,
)
def test_a_damaged_record_is_unreadable_and_named(damage: dict[str, object]) -> None:
    record = stored(encode(plain()))._replace(**damage)
    with pytest.raises(Unreadable, match="17"):
        decode(record)


def test_payload_is_the_model_of_its_type() -> None:
    data = orjson.dumps({"message_id": str(ID), "hit": {"user_agent": "x"}, "more": [1]})
    payload = payload_of(told(plain(data=data)))
    assert isinstance(payload, EmailOpened)
    assert payload.message_id == ID
    assert payload.model_extra == {"more": [1]}


@pytest.mark.parametrize(
    "changes",
    [
        {"data": b"{}"},
        {"data": b"[]"},
        {"data": b"{"},
        {"data": b"\xff"},
        {"type": "no.such"},
        {"schema_version": 2},
        {"schema_version": 0},
    ],
    ids=repr,
)
def test_a_payload_that_does_not_fit_is_unreadable(changes: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        payload_of(plain(**changes))
