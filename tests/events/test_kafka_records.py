"""A record as a message of Kafka's, and back: nothing may change on the way."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given

from events.codec import decode, encode
from events.kafka.records import UNREADABLE, headers_of, size_of, stored_of
from events.log import Record, StoredRecord
from schemas.catalogue import Topic
from schemas.envelope import Envelope, Position
from schemas.errors import Unreadable
from schemas.ids import named_id
from tests.support.envelopes import ENVELOPES
from tests.support.golden import FOLDER, Golden
from tests.support.records import record

PLACE = Position(Topic.FACTS, 3, 17)
NOW = 1_792_000_000_000


def there_and_back(sent: Record) -> Record:
    found = stored_of(PLACE, NOW, sent.key.encode(), sent.data, headers_of(sent))
    assert (found.position, found.recorded_at) == (PLACE, NOW)
    return sent._replace(
        key=found.key, event_id=found.event_id, type=found.type, head=found.head, data=found.data
    )


def test_headers_are_cloudevents() -> None:
    told = dict(headers_of(record("x")))
    assert told == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": str(named_id("test", "x")).encode(),
        "ce_type": b"answerback.event.tracked.v1",
        "ce_source": b"/workspaces/demo/sources/test",
        "ce_time": b"2026-10-14T08:00:00.000Z",
        "ce_receivedtime": b"2026-10-14T08:00:00.000Z",
        "ce_partitionkey": b"demo:a",
        "__value_schema_id": b"\x01" + named_id("schema", "event.tracked.v1").bytes,
        "ab_envelope": b'{"external_id":"x","flags":["bot","proxy"]}',
    }


def test_a_record_comes_back_byte_for_byte() -> None:
    assert there_and_back(record("x")) == record("x")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_event_ever_shipped_comes_back(path: Path) -> None:
    golden = Golden.read(path).stored()
    sent = record("x")._replace(
        key=golden.key, event_id=golden.event_id, type=golden.type, head=golden.head,
        data=golden.data,
    )  # fmt: skip
    assert there_and_back(sent) == sent


@given(envelope=ENVELOPES)
def test_any_envelope_comes_back(envelope: Envelope) -> None:
    sent = encode(envelope)
    assert there_and_back(sent) == sent


def test_the_size_counts_what_is_sent() -> None:
    sent = record("x", key="demo:Łódź")
    headers = headers_of(sent)
    bytes_sent = len(sent.data) + len(sent.key.encode()) + sum(len(n) + len(v) for n, v in headers)
    assert bytes_sent < size_of(sent, headers) < bytes_sent + 120


# What others send


def test_an_event_in_structured_mode_is_read() -> None:
    event = {
        "specversion": "1.0",
        "id": str(named_id("test", "x")),
        "source": "/workspaces/demo/sources/test",
        "type": "answerback.event.tracked.v1",
        "time": "2026-10-14T08:00:00.000Z",
        "receivedtime": "2026-10-14T08:00:00.000Z",
        "abenvelope": {"external_id": "x", "flags": ["bot", "proxy"]},
        "data": {"name": "x"},
    }
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    found = stored_of(PLACE, NOW, b"demo:a", orjson.dumps(event), headers)
    sent = record("x")
    assert found == StoredRecord(
        PLACE, NOW, "demo:a", sent.event_id, sent.type, sent.head, sent.data
    )


def test_a_message_of_another_client_needs_only_what_cloudevents_asks_for() -> None:
    headers = [
        ("ce_id", str(named_id("test", "x")).encode()),
        ("ce_type", b"event.tracked.v1"),
        ("ce_source", b"/workspaces/demo/sources/their/own"),
        ("ce_receivedtime", b"2026-10-14T08:00:00Z"),
    ]
    event = decode(stored_of(PLACE, NOW, b"demo:a", b"{}", headers))
    assert (event.workspace, event.producer, event.key) == ("demo", "their/own", "demo:a")


@pytest.mark.parametrize(
    ("key", "value", "changes"),
    [
        (b"demo:a", None, {}),
        (b"demo:a", b"{}", {"ce_id": b"no id"}),
        (b"demo:a", b"{}", {"ce_id": None}),
        (b"demo:a", b"{}", {"ce_source": b"/elsewhere"}),
        (b"demo:a", b"{}", {"ce_source": b"/rooms/demo/sources/test"}),
        (b"demo:a", b"{}", {"ab_envelope": b"{"}),
        (b"demo:a", b"{}", {"ab_envelope": b"[1]"}),
        (b"\xff", b"{}", {"ce_partitionkey": b"\xff"}),
        (None, b"[]", {"content-type": b"application/cloudevents+json"}),
        (None, b"\xff", {"content-type": b"application/cloudevents+json"}),
    ],
)
def test_what_cannot_be_read_keeps_its_place_and_its_bytes(
    key: bytes | None, value: bytes | None, changes: dict[str, bytes | None]
) -> None:
    told = {**dict(headers_of(record("x"))), **changes}
    headers = [(name, text) for name, text in told.items() if text is not None]
    found = stored_of(PLACE, NOW, key, value, headers)
    assert (found.position, found.type, found.data) == (PLACE, UNREADABLE, value or b"")
    with pytest.raises(Unreadable, match="cannot be decoded"):
        decode(found)
