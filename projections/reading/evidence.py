"""What the decision on a message rests on, from the rows as they were when it was made."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from events.codec import decode, to_stored
from events.log import EventLog
from projections.folds.campaigns import ActivityDoc
from projections.past.building import Stores
from projections.reading.citing import (
    cited,
    entry_of,
    last_read,
    prepared_of,
    record_at,
    verdict_of,
)
from projections.reading.records import Records
from projections.rules.history import tied_when
from projections.stores.rows import ACTIVITY
from schemas.audiences import PURPOSE
from schemas.catalogue import Topic
from schemas.certificates import Certificate
from schemas.envelope import Event, Position
from schemas.errors import NotFound
from schemas.instants import to_datetime

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


def _channel(connection: sa.Connection, generation: int, workspace: str, activity: UUID) -> str:
    query = sa.select(ACTIVITY.c.doc).where(
        ACTIVITY.c.generation == generation,
        ACTIVITY.c.workspace == workspace,
        ACTIVITY.c.id == str(activity),
    )
    doc = connection.execute(query).scalar_one_or_none()
    return "" if doc is None else ActivityDoc.model_validate_json(doc).channel
