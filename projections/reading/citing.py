"""What a certificate cites, read from the log alone: no store and no engine is needed for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from events.codec import decode, payload_of, to_stored
from events.cursor import Cursor
from events.log import EventLog, StoredRecord
from projections.folds.fold import Known
from projections.folds.members.histories import ledger_of
from projections.rules.comparing import TRUE
from projections.rules.history import Allowed
from projections.rules.timelines import consent
from schemas.certificates import Cited, LedgerEntry, Verdict
from schemas.decisions.activity import MessagePrepared
from schemas.envelope import Event, Position
from schemas.errors import NotFound
from schemas.instants import to_datetime
from schemas.rules.language import ConsentIs

Moment = tuple[int, Position]
"""When a record was stored, and where: the order in which entries became known."""


def record_at(log: EventLog, place: Position) -> StoredRecord:
    """The record at a place. Raises ``NotFound``."""
    is_there = place.partition < log.partitions
    records = log.read(*place, 1).records if is_there else ()
    if not records:
        raise NotFound(f"There is no event at {place.topic}/{place.partition}/{place.offset}.")
    return records[0]


def prepared_of(event: Event) -> MessagePrepared:
    """What an event tells of a prepared message. Raises ``NotFound``."""
    payload = payload_of(event)
    if not isinstance(payload, MessagePrepared):
        raise NotFound(f"The event {event.event_id} prepares no message: it is {event.type}.")
    return payload


def last_read(log: EventLog, payload: MessagePrepared) -> Moment | None:
    """The newest entry of the ledger that a decision has read; ``None`` if it has read none."""
    if not payload.ledger_position:
        return None
    cursor = Cursor.decode(payload.ledger_position)
    ((topic, partition),) = cursor
    place = Position(topic, partition, cursor[topic, partition] - 1)
    return record_at(log, place).recorded_at, place


def cited(record: StoredRecord) -> Cited:
    """An event by its place and its bytes; the place is no part of the bytes."""
    told = b"\0".join((
        record.event_id.bytes, record.type.encode(), record.key.encode(), record.head, record.data,
    ))  # fmt: skip
    topic, partition, offset = record.position
    return Cited(
        event_id=record.event_id,
        type=record.type,
        topic=topic.value,
        partition=partition,
        offset=offset,
        sha256=hashlib.sha256(told).hexdigest(),
    )


def entry_of(known: Known, one: Allowed) -> LedgerEntry:
    """An event with what it says in the ledger."""
    return LedgerEntry(
        **cited(to_stored(known.event)).model_dump(),
        subject=known.event.subject_id,
        channel=one.channel,
        purpose=one.purpose,
        granted=one.granted,
        occurred_at=to_datetime(one.at),
    )


def read_entries(records: Iterable[StoredRecord]) -> list[tuple[LedgerEntry, Allowed]]:
    """What records of the log say in the ledger; those that say nothing are passed over."""
    facts = [Known(decode(record)) for record in records]
    return [(entry_of(known, one), one) for known in facts for one in ledger_of([known])]


def verdict_of(allowed: Sequence[Allowed], channel: str, purpose: str) -> Verdict:
    """What entries come to in the end, those of all records of the person together."""
    bare = [Allowed(o.at, o.event, o.channel, o.purpose, o.granted, o.record, o.is_day)
            for o in allowed]  # fmt: skip

    def says(*, granted: bool) -> bool:
        clause = ConsentIs("", channel=channel, purpose=purpose, granted=granted)
        return consent(clause, bare).values[-1] == TRUE

    if says(granted=False):
        return "withdrawn"
    return "granted" if says(granted=True) else "unknown"
