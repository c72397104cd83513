"""Raw bodies in the SQL store; days that are over are deleted by whoever comes first."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from events.raw import RawBodies, SealedBytes
from events.sql.bulk import insert_rows
from events.sql.tables import RAW_BODY, reading
from schemas.clock import Clock
from schemas.instants import DAY


class SqlRawBodies(RawBodies):
    """Bodies of some days in one table."""

    def __init__(self, store: sa.Engine, clock: Clock, days: int) -> None:
        self._store = store
        self._clock = clock
        self._days = days
        self._let_go_on = 0
        self._let_go()

    def put(self, workspace: str, event_id: UUID, sealed: SealedBytes) -> None:
        if not self._days:
            return
        self._let_go()
        row = (workspace, str(event_id), self._clock() // DAY, sealed.key_id, sealed.content)
        with self._store.begin() as connection:
            insert_rows(connection, RAW_BODY, [row], "ignore")

    def get(self, workspace: str, event_id: UUID) -> SealedBytes | None:
        self._let_go()
        query = sa.select(RAW_BODY.c.key_id, RAW_BODY.c.content).where(
            RAW_BODY.c.workspace == workspace,
            RAW_BODY.c.event_id == str(event_id),
            RAW_BODY.c.day > self._clock() // DAY - self._days,
        )
        with reading(self._store).begin() as connection:
            row = connection.execute(query).one_or_none()
        return SealedBytes(*row) if row else None

    def close(self) -> None:
        """The store is another's to close."""

    def _let_go(self) -> None:
        """Delete what is over, once a day; what has failed is tried again at the next call."""
        today = self._clock() // DAY
        if self._let_go_on != today:
            with self._store.begin() as connection:
                connection.execute(RAW_BODY.delete().where(RAW_BODY.c.day <= today - self._days))
            self._let_go_on = today
