"""Where the sinks stand, and waiting until they have come somewhere: for whoever reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import EventLog
from events.sql.tables import OUTBOX, reading, reading_one_moment
from projections.columns_sink import NAME as COLUMNS
from projections.columns_sink import columns_version
from projections.generations import pointed_generation
from projections.progress import cursor_of
from projections.rows_sink import NAME as ROWS
from projections.standing import Standing
from projections.stores.rows import COPY
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.errors import Stale

# Who waits is woken by the turn that moves. This is for what moves without one: asking the stores
# every 20 ms instead, each waiting reader cost 7 to 20 % of a core.
_LOOK_AGAIN_SECONDS = 0.5
_DERIVATIONS = 3  # a hit's verdict, the response it makes, and that response's journal entry


@dataclass(frozen=True, slots=True)
class Stand:
    """A generation, by sink the next offsets to read, and a number that each step makes greater."""

    generation: int
    cursors: dict[str, Cursor]
    columns_version: int


class Waiting:
    """Asks the store of rows about the generation that is live by then.

    ``standing`` says when it is worth while to ask again.
    """

    def __init__(
        self,
        rows: sa.Engine,
        log: EventLog,
        clock: Clock,
        standing: Standing,
        look_again_seconds: float = _LOOK_AGAIN_SECONDS,
    ) -> None:
        self._rows = rows
        self._log = log
        self._clock = clock
        self._standing = standing
        self._look_again_seconds = look_again_seconds

    def live(self) -> Stand:
        """The live generation, and where it stands: of one moment, so that no answer mixes two."""
        with reading_one_moment(self._rows).begin() as connection:
            live = pointed_generation(connection)
            cursors = {name: cursor_of(connection, name, live) for name in (ROWS, COLUMNS)}
            return Stand(live, cursors, columns_version(connection, live))

    def cursors(self) -> dict[str, Cursor]:
        """By sink, the next offsets it has to read."""
        return self.live().cursors

    def wait_for(self, cursor: Cursor, seconds: float) -> None:
        """Wait until the cursor, and what was concluded from it, is in every read model.

        Raises ``Stale`` when that takes longer than ``seconds``.
        """
        deadline = self._clock() + int(seconds * 1000)
        for _ in range(_DERIVATIONS):
            self._wait_to_reach(cursor, deadline)
            self._wait_to_pass(OUTBOX, deadline)
            heads = self._log.heads()
            cursor = Cursor({place: o for place, o in heads.items() if place[0] is Topic.DERIVED})
        self._wait_to_pass(COPY, deadline)

    def wait_for_sink(self, name: str, cursor: Cursor, seconds: float) -> None:
        """Wait until one sink has applied everything before the cursor. Raises ``Stale``."""
        deadline = self._clock() + int(seconds * 1000)
        self._wait(lambda: self.cursors()[name].reaches(cursor), deadline)

    def _wait_to_reach(self, cursor: Cursor, deadline: int) -> None:
        self._wait(lambda: all(c.reaches(cursor) for c in self.cursors().values()), deadline)

    def _wait_to_pass(self, table: sa.Table, deadline: int) -> None:
        """Wait until everything that lies in a table now has left it."""
        last = self._last(table)
        self._wait(lambda: self._first(table) > last, deadline)

    def _wait(self, condition: Callable[[], bool], deadline: int) -> None:
        turns = self._standing.turns
        while not condition():
            left = (deadline - self._clock()) / 1000
            if left <= 0:
                raise Stale("The read models have not come that far yet. Ask again.")
            self._standing.await_move(turns, min(left, self._look_again_seconds))
            turns = self._standing.turns

    def _last(self, table: sa.Table) -> int:
        return self._edge(table, sa.func.max(table.c.seq)) or 0

    def _first(self, table: sa.Table) -> int:
        found = self._edge(table, sa.func.min(table.c.seq))
        return 2**62 if found is None else found

    def _edge(self, table: sa.Table, of: sa.ColumnElement[int]) -> int | None:
        with reading(self._rows).begin() as connection:
            query = sa.select(of)
            if "generation" in table.c:
                query = query.where(table.c.generation == pointed_generation(connection))
            return connection.execute(query).scalar_one_or_none()
