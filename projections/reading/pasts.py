"""The stores that a read is answered from: the live ones, or those of a past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import EventLog
from projections.generations import live_generation, versions_of
from projections.past.building import Stores
from projections.past.cut import Moment
from projections.past.shelf import Shelf
from projections.past.supposing import Supposition
from projections.stores.columns import Columns
from projections.waiting import Waiting
from schemas.errors import Fault, InvalidInput

PATIENCE = 5.0
"""How many seconds a read waits for the read models to come to what it asks for."""


class Pasts:
    """Finds the stores of a moment. Any thread may ask."""

    def __init__(
        self, rows: sa.Engine, columns: Columns, log: EventLog, waiting: Waiting, shelf: Shelf
    ) -> None:
        self._rows = rows
        self._columns = columns
        self._log = log
        self._waiting = waiting
        self._shelf = shelf

    def live(self, sink: str) -> Stores:
        """The live stores, at the cursor of a sink."""
        live = self._waiting.live()
        return Stores(self._rows, self._columns, live.generation, live.cursors[sink])

    @contextmanager
    def at(
        self, workspace: str, sink: str, known_at: str | None, as_of: int | None = None
    ) -> Iterator[Stores]:
        """The stores of a past, or the live ones where nothing is asked but what is known now.

        ``sink`` is whose cursor the live stores stand at. Raises ``Preparing``, ``InvalidInput``.
        """
        live = self.live(sink)
        cursor = live.cursor if known_at is None else Cursor.decode(known_at)
        if as_of is None and all(cursor == here for here in (live.cursor, *self._heads(known_at))):
            yield live
            return
        moment = self.moment(workspace, cursor, as_of)
        if known_at is None:
            moment = self._shelf.recent(moment)
        with self._shelf.taken(moment) as stores:
            yield stores

    def moment(self, workspace: str, cursor: Cursor, as_of: int | None = None) -> Moment:
        """A past by the rules of the live generation.

        Raises ``InvalidInput`` for a cursor that the log has not come to.
        """
        if not self._log.heads().reaches(cursor):
            fault = Fault("/known_at", "Send a time, or a cursor that an earlier reply gave.")
            raise InvalidInput("The cursor lies behind the end of the log.", (fault,))
        # A past reads the live journal, which must have come that far.
        self._waiting.wait_for(cursor, PATIENCE)
        rules = frozenset(versions_of(self._rows, self._waiting.live().generation).items())
        return Moment(workspace, cursor, as_of, rules)

    def supposed(
        self, workspace: str, supposing: Supposition, known_at: str | None, fresh: int
    ) -> Moment:
        """What if, by what is known at a cursor, or was within ``fresh`` milliseconds."""
        here = self.live("columns").cursor if known_at is None else Cursor.decode(known_at)
        moment = replace(self.moment(workspace, here), supposing=supposing)
        return self._shelf.recent(moment, fresh) if known_at is None else moment

    @contextmanager
    def of(self, moment: Moment) -> Iterator[Stores]:
        """The stores of exactly this moment, the live ones among them. Raises ``Preparing``."""
        if moment.is_actual:
            cursor = moment.cursor.encode()
            with self.at(moment.workspace, "columns", cursor, moment.as_of) as stores:
                yield stores
        else:
            with self._shelf.taken(moment) as stores:
                yield stores

    def generation_of(self, at: Stores) -> int:
        """By whose rules it was counted: a past is made by those of the live generation."""
        return at.generation if at.rows is self._rows else live_generation(self._rows)

    def _heads(self, known_at: str | None) -> list[Cursor]:
        """Where both sinks stand; only where all stand at one place do the live stores tell it."""
        return [] if known_at is None else list(self._waiting.cursors().values())
