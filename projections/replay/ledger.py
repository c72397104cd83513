"""The record of generations in the row store: whatever happens to a process, the next goes on."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from events.sql.bulk import insert_rows
from events.sql.tables import reading
from projections.generations import Versions, point, pointed_generation
from projections.replay.generation import Generation, Stage, State
from projections.stores.rows import GENERATION
from schemas.errors import NotFound


class Ledger:
    """Generations by number. Every call is one transaction, unless it is handed one."""

    def __init__(self, rows: sa.Engine) -> None:
        self._rows = rows

    def enter_live(self, versions: Versions, now: int) -> None:
        """Enter the generation that readers see, in a store that has no record of it."""
        with self._rows.begin() as connection:
            number = pointed_generation(connection)
            row = Generation(number, State.LIVE, Stage.FOLLOWING, versions, now)
            insert_rows(connection, GENERATION, [_values(row)], "ignore")

    def begin(self, versions: Versions, now: int) -> Generation:
        """Enter a new generation."""
        with self._rows.begin() as connection:
            last = connection.execute(sa.select(sa.func.max(GENERATION.c.number))).scalar_one()
            row = Generation(last + 1, State.BUILDING, Stage.FOLDING, versions, now)
            insert_rows(connection, GENERATION, [_values(row)], "refuse")
        return row

    def all(self) -> list[Generation]:
        """All of them, in the order in which they were begun."""
        with reading(self._rows).begin() as connection:
            found = connection.execute(sa.select(GENERATION).order_by(GENERATION.c.number))
            return [_generation(row) for row in found]

    def one(self, number: int) -> Generation:
        """One of them. Raises ``NotFound``."""
        with reading(self._rows).begin() as connection:
            query = sa.select(GENERATION).where(GENERATION.c.number == number)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"There is no generation {number}.")
        return _generation(row)

    def note(self, number: int, **values: Any) -> None:
        """Store what has changed about one."""
        with self._rows.begin() as connection:
            _update(connection, number, **values)

    def add(self, number: int, *, events: int, spent_ms: int) -> None:
        """Count work that was done."""
        more = {
            "events": GENERATION.c.events + events,
            "spent_ms": GENERATION.c.spent_ms + spent_ms,
        }
        self.note(number, **more)

    def switch(self, connection: sa.Connection, live: int, to: int, now: int) -> None:
        """Point readers from one generation to another; the one before is kept."""
        point(connection, to)
        _update(connection, live, state=State.KEPT, switched_at=now)
        _update(connection, to, state=State.LIVE, switched_at=now)


def _update(connection: sa.Connection, number: int, **values: Any) -> None:
    connection.execute(GENERATION.update().where(GENERATION.c.number == number).values(**values))


def _values(one: Generation) -> tuple[Any, ...]:
    return (
        one.number, one.state.value, one.stage.value, orjson.dumps(one.versions).decode(),
        one.begun_at, one.switched_at, one.events, one.spent_ms, one.unapplied, one.trouble,
    )  # fmt: skip


def _generation(row: Any) -> Generation:
    return Generation(
        row.number, State(row.state), Stage(row.stage), orjson.loads(row.versions), row.begun_at,
        row.switched_at, row.events, row.spent_ms, row.unapplied, row.trouble,
    )  # fmt: skip
