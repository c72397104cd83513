"""A record in Kafka's form, and back: CloudEvents 1.0 in binary mode, one record one event.

The value is the event's data. Attributes that CloudEvents names are headers of their own; all
others share the header ``ab_envelope``, in the order of a record's head, since each header costs
its name in every record. Others may also send structured mode: the whole event as the value.

What cannot be read at all is not dropped: it comes out as a record of the type ``unreadable``,
whose reading by the codec fails, and so it ends in the dead letters with its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from events.log import Record, StoredRecord
from schemas.envelope import Position
from schemas.ids import named_id

Headers = list[tuple[str, bytes]]

_TYPES = "answerback."
_CONTENT = ("content-type", b"application/json")
_SPEC = ("ce_specversion", b"1.0")
_STRUCTURED = b"application/cloudevents"
_SCHEMA_GUID = b"\x01"  # then 16 bytes
# Attributes of a head that have a header of their own, in the head's order.
_NAMED = {
    "time": "ce_time",
    "subject": "ce_subject",
    "received": "ce_receivedtime",
    "causation_id": "ce_causationid",
    "traceparent": "traceparent",
}
_NAMES = frozenset(_NAMED.values())
UNREADABLE = "unreadable.v0"


def headers_of(record: Record | StoredRecord) -> Headers:
    """The headers of a record; its key and its data are the message's key and value."""
    if record.type == UNREADABLE:
        return []  # it stays as unreadable as it is
    return [
        ("ce_id", str(record.event_id).encode()),
        ("ce_partitionkey", record.key.encode()),
        *_typed(record.type),
        *_described(record.head),
    ]


def stored_of(
    position: Position, recorded_at: int, key: bytes | None, value: bytes | None, headers: Headers
) -> StoredRecord:
    """The record that a message carries."""
    try:
        told = dict(headers)
        if value is None:
            raise ValueError("A message without a value is no event.")  # noqa: TRY301 - as unreadable as one that fails to parse
        if told.get("content-type", b"").startswith(_STRUCTURED):
            told, value = _opened(value, key)
        return StoredRecord(
            position,
            recorded_at,
            told["ce_partitionkey"].decode()
            if "ce_partitionkey" in told
            else (key or b"").decode(),
            UUID(told["ce_id"].decode()),
            told["ce_type"].decode().removeprefix(_TYPES),
            _head(
                told["ce_source"],
                tuple((name, told[name]) for name in _NAMED.values() if name in told),
                told.get("ab_envelope", b""),
            ),
            value,
        )
    except (LookupError, ValueError, TypeError, AttributeError):
        name = (key or b"").decode(errors="replace")
        return StoredRecord(
            position, recorded_at, name, UUID(int=0), UNREADABLE, b"", value or b""
        )  # fmt: skip


@lru_cache(maxsize=512)
def _typed(wire: str) -> Headers:
    guid = named_id("schema", wire).bytes
    return [
        _CONTENT,
        _SPEC,
        ("ce_type", f"{_TYPES}{wire}".encode()),
        ("__value_schema_id", _SCHEMA_GUID + guid),
    ]


@lru_cache(maxsize=1024)  # hits of one millisecond share their heads
def _described(head: bytes) -> tuple[tuple[str, bytes], ...]:
    told: dict[str, Any] = orjson.loads(head)
    source = f"/workspaces/{told.pop('workspace')}/sources/{told.pop('producer')}"
    named = [(header, told.pop(name).encode()) for name, header in _NAMED.items() if name in told]
    rest = [("ab_envelope", orjson.dumps(told))] if told else []
    return ("ce_source", source.encode()), *named, *rest


@lru_cache(maxsize=1024)
def _head(source: bytes, named: tuple[tuple[str, bytes], ...], rest: bytes) -> bytes:
    """The head as the codec wrote it, byte for byte."""
    _, root, workspace, branch, producer = source.decode().split("/", 4)
    if (root, branch) != ("workspaces", "sources"):
        raise ValueError(source)
    headers = dict(named)
    told = {"workspace": workspace, "producer": producer}
    for name, header in _NAMED.items():
        if header in headers:
            told[name] = headers[header].decode()
    return orjson.dumps({**told, **(orjson.loads(rest) if rest else {})})


def _opened(value: bytes, key: bytes | None) -> tuple[dict[str, bytes], bytes]:
    """Headers and data of an event in structured mode."""
    event: dict[str, Any] = orjson.loads(value)
    data = event.pop("data", {})
    rest = event.pop("abenvelope", None)
    told = {
        name if name in _NAMES else f"ce_{name}": str(text).encode() for name, text in event.items()
    }
    told.setdefault("ce_partitionkey", key or b"")
    if rest is not None:
        told["ab_envelope"] = orjson.dumps(rest) if isinstance(rest, dict) else rest.encode()
    return told, orjson.dumps(data)


def size_of(record: Record, headers: Iterable[tuple[str, bytes]]) -> int:
    """About how many bytes a message takes."""
    attributes = sum(len(name) + len(text) + 4 for name, text in headers)
    return len(record.data) + len(record.key.encode()) + attributes + 32
