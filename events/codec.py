"""Envelope <-> record. The only place where an event becomes bytes, or old bytes become new models.

A record's ``head`` is compact JSON: first the attributes that have CloudEvents names of their own,
then those of the ``ab_envelope`` header in that header's order; absent ones are left out.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson

from events.log import Record, StoredRecord
from schemas.catalogue import Catalogue, load_all
from schemas.envelope import Attributes, Derivation, Envelope, Event, Stream
from schemas.errors import UnknownEventType, Unreadable
from schemas.instants import (
    CLOCK_TOLERANCE,
    EARLIEST,
    Instant,
    Precision,
    format_instant,
    parse_instant,
)
from schemas.payload import Payload
from schemas.upcasts import UPCASTS, Upcasts

CLOCK_REJECTED = "clock_rejected"
_PRECISE = Precision.MILLISECOND  # what most events have: calling an enumeration costs more


def encode(envelope: Envelope, *, fresh: bool = False) -> Record:
    """The record of an envelope. ``fresh`` says that the id was drawn at random for this event."""
    return Record(
        topic=envelope.topic,
        key=envelope.key,
        event_id=envelope.event_id,
        type=f"{envelope.type}.v{envelope.schema_version}",
        head=head_of(envelope, envelope.effective_at),
        data=envelope.data,
        digest=b"" if fresh else content_digest(envelope.type, envelope.data),
        fresh=fresh,
    )


@lru_cache(maxsize=1024)  # when hits are many, there are many in a millisecond
def hit_head(workspace: str, producer: str, now: Instant, flags: tuple[str, ...]) -> bytes:
    """The head of an event that an edge has seen itself, of those few attributes it has then.

    What ``encode`` would make of it, at a tenth of the cost: the doors make thousands a second.
    """
    at = format_instant(now)
    head = {"workspace": workspace, "producer": producer, "time": at, "received": at}
    return orjson.dumps({**head, "flags": flags} if flags else head)


def head_of(e: Attributes, effective_at: Instant | None) -> bytes:
    """The head of a record: all that an event says of itself."""
    head: dict[str, Any] = {"workspace": e.workspace, "producer": e.producer}
    if e.time is not None:
        head["time"] = format_instant(e.time)
    if e.subject is not None:
        head["subject"] = str(e.subject)
    head["received"] = format_instant(e.received_at)
    head |= _told(_CAUSE, _cause_of(e))
    if e.stream is not None:
        head["stream"] = str(e.stream)
    if e.version is not None:
        head["version"] = e.version
    if e.precision is not Precision.MILLISECOND:
        head["precision"] = e.precision.value
    if e.source_time is not None:
        head["source_time"] = e.source_time
    if effective_at is not None:
        head["effective_at"] = format_instant(effective_at)
    head |= _told(_PLAIN, _plain_of(e))
    if e.derived is not None or e.flags or e.test:
        _add_marks(head, e)
    return orjson.dumps(head)


def _add_marks(head: dict[str, Any], e: Attributes) -> None:
    """The head with what few events have: who concluded it, flags, whether it is a test."""
    if e.derived is not None:
        head["derived"] = list(e.derived)
    if flags := [flag for flag in e.flags if flag != CLOCK_REJECTED]:
        head["flags"] = flags
    if e.test:
        head["test"] = True


_CAUSE = ("causation_id", "traceparent")
_PLAIN = (
    "external_id", "source_seq", "actor", "correlation_id", "batch_id", "visitor_id", "campaign_id",
)  # fmt: skip


_cause_of, _plain_of = attrgetter(*_CAUSE), attrgetter(*_PLAIN)


def _told(names: tuple[str, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def decode(record: StoredRecord) -> Event:
    """The event of a stored record; its data stay bytes until ``payload_of`` is asked.

    ``occurred_at`` is decided here, since only here both clocks are known: the source's time if it
    lies within [2000-01-01, recorded + 5 min], else the recorded time and a flag (R3).
    """
    try:
        told = orjson.loads(record.head)
        get = told.get
        name, _, version = record.type.rpartition(".v")
        time = _time(get("time"))
        flags = tuple(get("flags", ()))
        occurred = time
        if time is None or not EARLIEST <= time <= record.recorded_at + CLOCK_TOLERANCE:
            occurred = Instant(record.recorded_at)
            if time is not None or "source_time" in told:
                flags = (*flags, CLOCK_REJECTED)
        event = Event(
            event_id=record.event_id,
            type=name,
            schema_version=int(version),
            topic=record.position.topic,
            workspace=told["workspace"],
            key=record.key,
            producer=told["producer"],
            received_at=_received(told["received"]),
            data=record.data,
            time=time,
            precision=Precision(told["precision"]) if "precision" in told else _PRECISE,
            source_time=get("source_time"),
            stream=_stream(get("stream")),
            version=get("version"),
            effective_at=_time(get("effective_at")),
            external_id=get("external_id"),
            source_seq=get("source_seq"),
            actor=get("actor"),
            causation_id=_uuid(get("causation_id")),
            correlation_id=_uuid(get("correlation_id")),
            traceparent=get("traceparent"),
            batch_id=_shared(get("batch_id")),
            subject=_stream(get("subject")),
            visitor_id=_uuid(get("visitor_id")),
            campaign_id=_shared(get("campaign_id")),
            derived=Derivation(*told["derived"]) if "derived" in told else None,
            flags=flags,
            test=get("test", False),
            position=record.position,
            recorded_at=Instant(record.recorded_at),
            occurred_at=occurred or Instant(record.recorded_at),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unreadable(f"The record at {record.position} cannot be decoded: {error}") from error
    event.head = record.head
    return event


def to_stored(event: Event) -> StoredRecord:
    """The stored record of an event: ``to_stored(decode(r)) == r`` for every record."""
    return StoredRecord(
        event.position, event.recorded_at, event.key, event.event_id,
        f"{event.type}.v{event.schema_version}", event.head or head_of(event, event.effective_at),
        event.data,
    )  # fmt: skip


def payload_of(
    event: Envelope, catalogue: Catalogue | None = None, upcasts: Upcasts = UPCASTS
) -> Payload:
    """The typed payload in its newest version. Raises ``Unreadable``."""
    try:
        known = catalogue or _catalogue()
        newest = known.newest(event.type)
        if event.schema_version >= newest.version:
            newest = known.by_wire(f"{event.type}.v{event.schema_version}")
            return newest.model.model_validate_json(event.data)
        data = orjson.loads(event.data)
        lifted = upcasts.apply(event.type, event.schema_version, newest.version, data)
        return newest.model.model_validate_json(orjson.dumps(lifted))
    except (ValueError, LookupError, TypeError, AttributeError, UnknownEventType) as error:
        raise Unreadable(f"Event {event.event_id} ({event.type}): {error}") from error


def content_digest(event_type: str, data: bytes) -> bytes:
    """16 bytes that two copies of a fact share: over type and stored data, without the ``hit``.

    Sealing is deterministic, so equal clear content has equal stored content.
    """
    return digest_of(event_type, orjson.loads(data))


def digest_of(event_type: str, content: dict[str, Any]) -> bytes:
    """``content_digest`` of content that is not bytes yet."""
    if "hit" in content:
        content = {name: value for name, value in content.items() if name != "hit"}
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(event_type.encode() + b"\0" + canonical, digest_size=16).digest()


@lru_cache(maxsize=1)
def _catalogue() -> Catalogue:
    return load_all()


def _time(text: str | None) -> Instant | None:
    return None if text is None else parse_instant(text)


# Events that arrive together share these texts: reading one again costs twenty times a look-up.
_received = lru_cache(maxsize=1024)(parse_instant)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


_shared = lru_cache(maxsize=1024)(_uuid)


def _stream(text: str | None) -> Stream | None:
    return None if text is None else Stream.parse(text)
