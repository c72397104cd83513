"""The journal: every event in columns, with its exact stored bytes, in three sort orders.

Nothing here can change later: no verdict, no campaign by rule. From a row the record of the log
comes back byte for byte.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from events.codec import CLOCK_REJECTED, encode
from events.log import StoredRecord
from schemas.catalogue import EventType, Topic, load_all
from schemas.envelope import Derivation, Envelope, Event, Position, Stream
from schemas.instants import Instant, Precision, format_instant, from_datetime, parse_instant
from schemas.payload import Payload

NO_ID = UUID(int=0)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOPIC_NAMES = {Topic.FACTS: "facts", Topic.DECISIONS: "decisions", Topic.DERIVED: "derived"}
TOPICS_BY_NAME = {name: topic for topic, name in TOPIC_NAMES.items()}
_OBJECT_FIELDS = {
    "form": "form_id", "webinar": "webinar_id", "order": "order_id", "response": "response_id",
    "conversion": "response_id", "followup": "response_id", "lead": "lead_id",
    "opportunity": "opportunity_id", "asset": "literature_id", "definition": "definition_id",
    "call": "call_id", "contract": "contract_id",
}  # fmt: skip


def journal_row(event: Event) -> dict[str, Any]:
    """The journal's row of an event; the dict does not leave this module's callers."""
    kind = load_all().newest(event.type)
    return {**_envelope_columns(event, kind), **_payload_columns(event, kind)}


def _envelope_columns(event: Event, kind: EventType) -> dict[str, Any]:
    stream = event.stream or Stream("", "")
    return {
        "event_id": str(event.event_id),
        "causation_id": str(event.causation_id or NO_ID),
        "correlation_id": str(event.correlation_id or NO_ID),
        "batch_id": str(event.batch_id or NO_ID),
        "type": event.type,
        "schema_version": event.schema_version,
        "workspace": event.workspace,
        "producer": event.producer,
        "channel": kind.channel,
        "stream_kind": stream.kind,
        "actor": event.actor or "",
        "key": event.key,
        "person": event.subject_id,
        "stream_id": stream.id,
        "stream_version": event.version or 0,
        "external_id": event.external_id or "",
        "source_seq": -1 if event.source_seq is None else event.source_seq,
        "traceparent": event.traceparent or "",
        "subject": str(event.subject) if event.subject else "",
        "stated_visitor_id": str(event.visitor_id or ""),
        "stated_campaign_id": str(event.campaign_id or ""),
        "occurred_at": event.occurred_at,
        "time": "" if event.time is None else format_instant(event.time),
        "source_time": event.source_time or "",
        "received_at": event.received_at,
        "recorded_at": event.recorded_at,
        "effective_at": event.effective_at or 0,
        "precision": event.precision.value,
        "derived": _derived(event.derived),
        "flags": list(event.flags),
        "test": event.test,
        "data": event.data,
        "log_topic": TOPIC_NAMES[event.topic],
        "log_partition": event.position.partition,
        "log_offset": event.position.offset,
    }


def _payload_columns(event: Event, kind: EventType) -> dict[str, Any]:
    data = orjson.loads(event.data)
    named = _sources(kind.model)
    money = _dict(data.get(named.get("money", "money")))
    message = _name(data.get("message_id"))
    provider_ref = _provider_ref(data, named)
    hit = _dict(data.get("hit"))
    utm = _dict(data.get("utm"))
    return {
        "visitor_id": _name(data.get("visitor_id")) or str(event.visitor_id or ""),
        "campaign_id": _name(data.get("campaign_id")) or str(event.campaign_id or ""),
        "activity_id": _name(data.get("activity_id")),
        "content_version_id": _name(data.get("content_version_id")),
        "message_id": message,
        "message_key": message or provider_ref,
        "provider_ref": provider_ref,
        "object_id": _text(data.get(_OBJECT_FIELDS.get(event.type.partition(".")[0], ""))),
        "link_id": _text(data.get("link_id")),
        "country": _text(hit.get("country")) or _text(data.get("country")),
        "line": _text(data.get("line")),
        "reason": _text(data.get(named.get("reason", "reason"))),
        "final": data.get("final") is True,
        "value": _amount(money.get("amount")),
        "currency": _text(money.get("currency")),
        "rate": _amount(money.get("rate", "1" if money else "0"), 10),
        "duration_s": _number(data.get("duration_s")),
        "attempts": _number(data.get("attempts")),
        "utm": [(key, _text(value)) for key, value in utm.items()],
    }


@lru_cache(maxsize=512)
def _sources(model: type[Payload]) -> dict[str, str]:
    return model.JOURNAL


def _provider_ref(data: dict[str, Any], named: dict[str, str]) -> str:
    provider = _text(data.get("provider"))
    number = _text(data.get(named.get("provider_message_id", "provider_message_id")))
    return f"{provider}:{number}" if provider and number else ""


def _derived(derived: Derivation | None) -> list[tuple[str, str]]:
    if derived is None:
        return []
    return [(name, str(value)) for name, value in derived._asdict().items()]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _name(value: Any) -> str:
    """A UUID as the codec writes it; anything else under such a name is an unknown field's."""
    return value if isinstance(value, str) and _UUID.fullmatch(value) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 2**32 else 0


def _amount(value: Any, digits: int = 14) -> str:
    """A number as the column takes it; 0 for what has more ``digits`` before its point."""
    try:
        number = Decimal(str(value)) if value is not None else Decimal(0)
    except InvalidOperation:
        return "0"
    return str(number) if number.is_finite() and number.adjusted() < digits else "0"


def stored_record(row: dict[str, Any]) -> StoredRecord:
    """The record of the log that a journal row was made from.

    Takes a row as the column store answers it, with enums as numbers or names.
    """
    topic = TOPICS_BY_NAME.get(row["log_topic"]) or list(Topic)[row["log_topic"] - 1]
    derived = dict(row["derived"])
    version = row["stream_version"]
    stream = Stream(row["stream_kind"], row["stream_id"]) if row["stream_kind"] else None
    envelope = Envelope(
        event_id=row["event_id"],
        type=row["type"],
        schema_version=row["schema_version"],
        topic=topic,
        workspace=row["workspace"],
        key=row["key"],
        producer=row["producer"],
        received_at=from_datetime(row["received_at"]),
        data=_raw(row["data"]),
        time=parse_instant(row["time"]) if row["time"] else None,
        precision=_precision(row["precision"]),
        source_time=row["source_time"] or None,
        stream=stream,
        version=version or None,
        effective_at=_or_none(from_datetime(row["effective_at"])),
        external_id=row["external_id"] or None,
        source_seq=None if row["source_seq"] < 0 else row["source_seq"],
        actor=row["actor"] or None,
        causation_id=_id(row["causation_id"]),
        correlation_id=_id(row["correlation_id"]),
        traceparent=row["traceparent"] or None,
        batch_id=_id(row["batch_id"]),
        subject=Stream.parse(row["subject"]) if row["subject"] else None,
        visitor_id=UUID(row["stated_visitor_id"]) if row["stated_visitor_id"] else None,
        campaign_id=UUID(row["stated_campaign_id"]) if row["stated_campaign_id"] else None,
        derived=_derivation(derived),
        flags=tuple(flag for flag in row["flags"] if flag != CLOCK_REJECTED),
        test=row["test"],
    )
    record = encode(envelope)
    position = Position(topic, row["log_partition"], row["log_offset"])
    return StoredRecord(
        position, from_datetime(row["recorded_at"]), record.key, record.event_id, record.type,
        record.head, record.data,
    )  # fmt: skip


def _derivation(derived: dict[str, str]) -> Derivation | None:
    if not derived:
        return None
    return Derivation(derived["processor"], int(derived["version"]), int(derived["generation"]))


def _raw(data: Any) -> bytes:
    return data if isinstance(data, bytes) else str(data).encode()


def _precision(value: Any) -> Precision:
    return Precision(value) if isinstance(value, str) else list(Precision)[value - 1]


def _id(value: UUID) -> UUID | None:
    return None if value == NO_ID else value


def _or_none(instant: Instant) -> Instant | None:
    return instant or None
