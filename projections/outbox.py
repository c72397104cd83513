"""Derived events on their way to the log: stored with the state they follow from, then relayed.

Ids are deterministic and the log drops a second copy, so a relay that dies between sending and
forgetting repeats nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from uuid import UUID

import sqlalchemy as sa

from events.compose import Composer, Draft
from events.log import EventLog, Record
from projections.stores.rows import OUTBOX, reading
from schemas.catalogue import Topic

_BATCH = 1000


def put(connection: sa.Connection, composer: Composer, drafts: Sequence[Draft]) -> None:
    """Store derived events in the caller's transaction."""
    if not drafts:
        return
    records = composer.records(drafts)
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
            }
            for r in records
        ],
    )


class Relay:
    """Sends what waits in the outbox, in its order; any thread may call, one sends at a time."""

    def __init__(self, rows: sa.Engine, log: EventLog) -> None:
        self._rows = rows
        self._log = log
        self._lock = Lock()

    def send(self) -> int:
        """Send all that waits; answers how many. Raises ``LogUnavailable``."""
        sent = 0
        with self._lock:
            while batch := self._batch():
                self._log.append([record for _, record in batch]).result()
                with self._rows.begin() as connection:
                    last = batch[-1][0]
                    first = batch[0][0]
                    connection.execute(OUTBOX.delete().where(OUTBOX.c.seq.between(first, last)))
                sent += len(batch)
        return sent

    def waiting(self) -> int:
        """How many events wait."""
        with reading(self._rows).begin() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(OUTBOX)).scalar_one()

    def _batch(self) -> list[tuple[int, Record]]:
        with reading(self._rows).begin() as connection:
            rows = connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.seq).limit(_BATCH)).all()
        return [
            (
                row.seq,
                Record(
                    Topic(row.topic), row.key, UUID(row.event_id), row.type, row.head, row.data,
                    row.digest,
                ),
            )
            for row in rows
        ]  # fmt: skip
