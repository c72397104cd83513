"""Events on their way to the log: stored with the state they follow from, then relayed.

Ids are deterministic and the log drops a second copy, so a relay that dies between sending and
forgetting repeats nothing. What is unsent is what lies here, never what has a larger number: of two
transactions the one with the smaller number may well be the later to commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import HOT_WINDOW_DAYS, Appended, EventLog, Record
from events.sql.bulk import insert_rows
from events.sql.tables import OUTBOX, SENT, reading
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.envelope import Position
from schemas.errors import NotFound

_BATCH = 1000
_WINDOW = HOT_WINDOW_DAYS * 24 * 3600 * 1000


def put(connection: sa.Connection, records: Sequence[Record], pending: UUID | None = None) -> None:
    """Store events in the caller's transaction; ``pending`` is the id their sender may ask by."""
    if not records:
        return
    connection.execute(
        OUTBOX.insert(),
        [
            {
                "topic": r.topic.value,
                "key": r.key,
                "event_id": str(r.event_id),
                "type": r.type,
                "head": r.head,
                "data": r.data,
                "digest": r.digest,
                "pending": None if pending is None else str(pending),
            }
            for r in records
        ],
    )


def cursor_of(connection: sa.Connection, pending: UUID) -> Cursor | None:
    """The cursor behind a pending answer's events; ``None`` while any of them waits.

    Raises ``NotFound`` for an id under which nothing waits or was relayed within the hot window.
    """
    name = str(pending)
    waits = sa.select(OUTBOX.c.seq).where(OUTBOX.c.pending == name).limit(1)
    if connection.execute(waits).first() is not None:
        return None
    sent = sa.select(SENT).where(SENT.c.pending == name)
    places = [place_of(row) for row in connection.execute(sent)]
    if not places:
        raise NotFound(f"Nothing waits under the id {pending} here.")
    return Cursor.after(places)


def place_of(row: Any) -> Position:
    """Where an event lies that was sent."""
    return Position(Topic(row.topic), row.partition, row.offset)


class Relay:
    """Sends what waits in the outbox, in its order; any thread may call, one sends at a time."""

    def __init__(self, store: sa.Engine, log: EventLog, clock: Clock) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._lock = Lock()

    def send(self) -> int:
        """Send all that waits; answers how many. Raises ``LogUnavailable``."""
        sent = 0
        with self._lock:
            while batch := self._batch():
                appended = self._log.append([_record(row) for row in batch]).result()
                with self._store.begin() as connection:
                    self._forget(connection, batch, appended)
                sent += len(batch)
        return sent

    def waiting(self) -> int:
        """How many events wait."""
        with reading(self._store).begin() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(OUTBOX)).scalar_one()

    def _batch(self) -> Sequence[Any]:
        with reading(self._store).begin() as connection:
            query = sa.select(OUTBOX).order_by(OUTBOX.c.seq).limit(_BATCH)
            return connection.execute(query).all()

    def _forget(self, connection: sa.Connection, batch: Sequence[Any], appended: Appended) -> None:
        """Take what was sent out of the outbox, and note where it lies if its sender may ask."""
        connection.execute(OUTBOX.delete().where(OUTBOX.c.seq.in_([row.seq for row in batch])))
        now = self._clock()
        told = [
            (row.event_id, row.digest, row.pending, topic.value, partition, offset, now)
            for row, (topic, partition, offset) in zip(batch, appended.positions, strict=True)
            if row.pending is not None
        ]
        if told:
            insert_rows(connection, SENT, told, "ignore")
            connection.execute(SENT.delete().where(SENT.c.sent_at < now - _WINDOW))


def _record(row: Any) -> Record:
    return Record(
        Topic(row.topic), row.key, UUID(row.event_id), row.type, row.head, row.data, row.digest
    )
