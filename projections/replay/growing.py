"""One generation that grows beside the live one, in turns short enough to stop after any of them.

First its folds take the log up to where the live ones stand, a page a turn. Then all that the
columns say is concluded from its rows and the journal at once, as a rebuild does; verdicts that
nobody tells are told by somebody else (``telling``). From there on it
follows like the live one, but never passes it: so the journal has whatever it reads. Each turn is
stored, so a process that was killed goes on with the next.
"""

from __future__ import annotations

import time

from events.cursor import Cursor
from events.snapshots import Going
from events.sql.tables import reading
from projections.columns_sink import NAME as COLUMNS
from projections.dead_letters import TOO_MANY_IN_A_PAGE, letters
from projections.progress import begin_places, cursor_of, logical_time_of, move_cursor
from projections.read_models import ReadModels, Sinks
from projections.rebuild import conclude, drop_conclusions
from projections.replay.generation import Generation, Stage, State
from projections.replay.ledger import Ledger
from projections.rows_sink import NAME as ROWS
from schemas.errors import Unreadable

PAGE = 1000
"""Records a turn: on SQLite the live sink waits for as long as a page of another is written."""


class Growing:
    """Grows one generation; ``live`` is the number of the one that is read meanwhile."""

    def __init__(
        self, models: ReadModels, ledger: Ledger, one: Generation, sinks: Sinks | None = None
    ) -> None:
        """``sinks`` are those it was live with."""
        self._models = models
        self._ledger = ledger
        self.stage = one.stage
        self._is_ready = one.state is not State.BUILDING
        self.number = one.number
        self.sinks: Sinks = sinks or models.sinks(one.number)
        self.sinks.publish(False)

    def turn(self, live: int, going: Going) -> bool:
        """Do a little more; answers whether there was anything to do."""
        match self.stage:
            case Stage.FOLDING:
                self._fold(live)
            case Stage.CONCLUDING:
                self._conclude(live, going)
            case Stage.TELLING:
                return False
            case Stage.FOLLOWING:
                return self._follow(live)
        return True

    def follow(self) -> None:
        """Follow from now on: what it concluded has been told."""
        self._enter(Stage.FOLLOWING)

    def _fold(self, live: int) -> None:
        began = time.monotonic()
        until, moment = self._stand_of(live, ROWS)
        before = self.sinks.rows.cursor().total
        if not (self.sinks.rows.step(PAGE, until) or self.sinks.rows.tick(moment)):
            self._enter(Stage.CONCLUDING)
        self._tell_unapplied()
        spent = int((time.monotonic() - began) * 1000)
        folded = self.sinks.rows.cursor().total - before
        self._ledger.add(self.number, events=folded, spent_ms=spent)

    def _conclude(self, live: int, going: Going) -> None:
        """Raises whatever ``going`` does; the next turn then begins the stage again."""
        began = time.monotonic()
        drop_conclusions(self._models.columns, self.number)
        # What is journaled from here on is concluded from once more, when it is followed.
        until, _ = self._stand_of(live, COLUMNS)
        conclude(self._models, self.sinks.classifiers, self.number, until.total, going)
        with self._models.rows.begin() as connection:
            begin_places(connection, COLUMNS, self.number, until)
            here = cursor_of(connection, COLUMNS, self.number)
            move_cursor(connection, COLUMNS, self.number, here, until)
        self._enter(Stage.TELLING)
        spent = int((time.monotonic() - began) * 1000)
        self._ledger.add(self.number, events=0, spent_ms=spent)

    def _follow(self, live: int) -> bool:
        rows_end, moment = self._stand_of(live, ROWS)
        columns_end, _ = self._stand_of(live, COLUMNS)
        moved = self.sinks.rows.step(PAGE, rows_end) or self.sinks.rows.tick(moment)
        moved = self.sinks.columns.resume() or moved
        moved = self.sinks.columns.step(PAGE, columns_end) or moved
        self._tell_unapplied()
        if not moved and not self._is_ready:
            self._ledger.note(self.number, state=State.READY)
            self._is_ready = True
        return moved

    def _stand_of(self, live: int, sink: str) -> tuple[Cursor, int]:
        with reading(self._models.rows).begin() as connection:
            return cursor_of(connection, sink, live), logical_time_of(connection, sink, live)

    def _enter(self, stage: Stage) -> None:
        self._ledger.note(self.number, stage=stage)
        self.stage = stage

    def _tell_unapplied(self) -> None:
        """Count what could not be applied here though it could be in the live generation."""
        failures = self.sinks.rows.unapplied
        if not failures:
            return
        known = {letter.position for letter in letters(self._models.rows)}
        new = [failure for failure in failures if failure.record.position not in known]
        failures.clear()
        if len(new) > TOO_MANY_IN_A_PAGE:
            raise Unreadable(
                f"{len(new)} events of one page cannot be applied; the first says: {new[0].error}"
            )
        if new:
            count = self._ledger.one(self.number).unapplied + len(new)
            self._ledger.note(self.number, unapplied=count, trouble=new[-1].error)
