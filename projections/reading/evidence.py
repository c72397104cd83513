"""What the decision on a message rests on, from the rows as they were when it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from events.codec import decode, payload_of, to_stored
from events.cursor import Cursor
from events.log import EventLog, StoredRecord
from projections.folds.campaigns import ActivityDoc
from projections.folds.fold import Known
from projections.folds.members.histories import ledger_of
from projections.reading.records import Records
from projections.rules.comparing import TRUE
from projections.rules.history import Allowed, tied_when
from projections.rules.timelines import consent
from projections.stores.rows import ACTIVITY
from schemas.catalogue import Topic
from schemas.certificates import Certificate, Cited, LedgerEntry, Verdict
from schemas.decisions.activity import MessagePrepared
from schemas.envelope import Event, Position
from schemas.errors import NotFound
from schemas.instants import to_datetime
from schemas.rules.language import ConsentIs

if TYPE_CHECKING:  # certificates are verified where no engine of columns is loaded
    from projections.past.building import Stores

PURPOSE = "marketing"
_PREPARED = """
SELECT log_partition, log_offset FROM journal
WHERE workspace = {workspace:String} AND type = 'message.prepared' AND message_id = {message:String}
ORDER BY recorded_at LIMIT 1"""


def prepared_event(at: Stores, log: EventLog, workspace: str, message_id: UUID) -> Event:
    """The event that tells of a prepared message. Raises ``NotFound``."""
    found = at.columns.query(
        _PREPARED, {"workspace": workspace, "message": str(message_id)}
    ).to_pylist()
    if not found:
        raise NotFound(f"No message {message_id} was prepared in this workspace.")
    place = Position(Topic.DECISIONS, found[0]["log_partition"], found[0]["log_offset"])
    return decode(record_at(log, place))


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


Moment = tuple[int, Position]
"""When a record was stored, and where: the order in which entries became known."""


def last_read(log: EventLog, payload: MessagePrepared) -> Moment | None:
    """The newest entry of the ledger that a decision has read; ``None`` if it has read none."""
    if not payload.ledger_position:
        return None
    cursor = Cursor.decode(payload.ledger_position)
    ((topic, partition),) = cursor
    place = Position(topic, partition, cursor[topic, partition] - 1)
    return record_at(log, place).recorded_at, place


def certificate_of(
    connection: sa.Connection, generation: int, workspace: str, event: Event, log: EventLog
) -> Certificate:
    """What was known of the recipient when a message was prepared, by rows of that moment."""
    payload = prepared_of(event)
    last = last_read(log, payload) or (-1, event.position)
    records = Records(connection, generation, workspace, frozenset())
    name, moment = event.subject_id, event.occurred_at
    history = records.history(name)
    entries = [
        (known, one)
        for one in (history.allowed if history is not None else ())
        if tied_when(one.ties).at(moment) and (known := records.met(one.event)) is not None
        and (known.event.recorded_at, known.event.position) <= last
    ]  # fmt: skip
    channel = _channel(connection, generation, workspace, payload.activity_id)
    return Certificate(
        workspace=workspace,
        message_id=payload.message_id,
        activity_id=payload.activity_id,
        campaign_id=payload.campaign_id,
        recipient=name,
        channel=channel,
        purpose=PURPOSE,
        prepared_at=to_datetime(moment),
        list_id=payload.list_id,
        list_clause=payload.list_clause,
        cap_counters=payload.cap_counters,
        cluster=payload.cluster_id,
        subjects=records.subjects(name),
        verdict=verdict_of([one for _, one in entries], channel, PURPOSE),
        decision=cited(to_stored(event)),
        ledger=[entry_of(known, one) for known, one in entries],
        identity=[cited(to_stored(known.event)) for known in records.identity(name)],
    )


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


def _channel(connection: sa.Connection, generation: int, workspace: str, activity: UUID) -> str:
    query = sa.select(ACTIVITY.c.doc).where(
        ACTIVITY.c.generation == generation,
        ACTIVITY.c.workspace == workspace,
        ACTIVITY.c.id == str(activity),
    )
    doc = connection.execute(query).scalar_one_or_none()
    return "" if doc is None else ActivityDoc.model_validate_json(doc).channel
