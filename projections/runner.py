"""The runner: follows the log with every sink, each in a thread of its own, until told to stop.

A slow sink holds up no other. What cannot be reached is tried again; what would harm the data stops
the runner loudly: whoever made it is told why at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import EventLog
from events.snapshots import Going
from events.sql.outbox import Relay
from events.sql.tables import OUTBOX, reading
from projections.columns_sink import ColumnsSink
from projections.rows_sink import RowsSink
from projections.standing import Standing
from projections.stores.rows import COPY
from projections.turnstile import Turnstile
from schemas.catalogue import Topic
from schemas.clock import Clock
from schemas.errors import LogUnavailable, OutOfRoom, Stale, UnavailableError

PAGE = 5000
_IDLE_SECONDS = 0.02
# Turns begin no closer to each other than this. A turn has a fixed cost: beside 500 events a second
# the sink of rows took a page of ten events as soon as it was there, and a sixth of the core.
_SPACING_SECONDS = 0.05
# Who waits is woken by the turn that moves. This is for what moves without one: asking the stores
# every 20 ms instead, each waiting reader cost 7 to 20 % of a core.
_LOOK_AGAIN_SECONDS = 0.5
_RETRY_SECONDS = 1.0
_MOST_RETRIES = 120  # then it is no passing trouble: the process says so by ending
_WARN_EVERY = 60
_DERIVATIONS = 3  # a hit's verdict, the response it makes, and that response's journal entry

logger = logging.getLogger("answerback.runner")


class Runner:
    """Keeps the read models of one generation up to date."""

    def __init__(
        self,
        rows: sa.Engine,
        log: EventLog,
        rows_sink: RowsSink,
        columns_sink: ColumnsSink,
        clock: Clock,
        generation: int,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._rows = rows
        self._log = log
        self._rows_sink = rows_sink
        self._columns_sink = columns_sink
        self._relay = Relay(rows, log, clock)
        self._clock = clock
        self._generation = generation
        self._turnstile = Turnstile()
        self._standing = Standing()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._on_failure = on_failure

    @property
    def is_following(self) -> bool:
        """Whether the sinks follow the log in the background."""
        return bool(self._threads)

    def start(self) -> None:
        """Follow the log in the background; again changes nothing."""
        if self._threads:
            return
        for name, turn in (("rows", self._turn_rows), ("columns", self._turn_columns)):
            thread = threading.Thread(
                target=self._follow, args=(turn,), name=f"sink-{name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish the pages under way, and stop."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def run_once(self) -> bool:
        """One turn of both sinks in the caller's thread; answers whether anything moved."""
        moved = self._take(self._turn_rows)
        return self._take(self._turn_columns) or moved

    # Standing still

    def held(self) -> AbstractContextManager[None]:
        """Inside, no sink works and nothing is sent to the log."""
        return self._turnstile.hold()

    def finish_step(self) -> None:
        """While held: leave no step of the columns half done."""
        self._columns_sink.resume()

    def settle(self, going: Going) -> None:
        """While held: bring both sinks to the log's end as it is now, and to what follows from it.

        Facts and decisions that come meanwhile wait, so both stand at the same cursor.
        """
        self.finish_step()
        end = self._log.heads()
        moved = True
        while moved:
            going()
            derived = {p: o for p, o in self._log.heads().items() if p[0] is Topic.DERIVED}
            until = end.moved(derived)
            moved = self._rows_sink.step(PAGE, until)
            moved = self._relay.send() > 0 or moved
            moved = self._columns_sink.step(PAGE, until) or moved
            moved = self._relay.send() > 0 or moved
            self._standing.move()

    # Where it stands

    def cursors(self) -> dict[str, Cursor]:
        """By sink, the next offsets it has to read."""
        return {"rows": self._rows_sink.cursor(), "columns": self._columns_sink.cursor()}

    def columns_version(self) -> int:
        """A number that grows with every step of the columns."""
        return self._columns_sink.version()

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
            self._standing.await_move(turns, min(left, _LOOK_AGAIN_SECONDS))
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
                query = query.where(table.c.generation == self._generation)
            return connection.execute(query).scalar_one_or_none()

    # The loops

    def _follow(self, turn: Callable[[], bool]) -> None:
        retries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                with self._turnstile.turn():
                    moved = self._take(turn)
                spacing = began + _SPACING_SECONDS - time.monotonic()
                pause = max(spacing, 0.0) if moved else _IDLE_SECONDS
                retries = 0
            except (OutOfRoom, LogUnavailable) as error:
                # An operator makes room; the process that has the log says itself if it must end.
                _warn(error, retries)
                retries += 1
                pause = _RETRY_SECONDS
            except Exception as error:
                retries += 1
                if not isinstance(error, UnavailableError) or retries > _MOST_RETRIES:
                    # Whatever it is, going on could skip events: stop, and say so.
                    logger.exception("A sink has stopped.")
                    self._stopping.set()
                    self._on_failure(error)
                    return
                _warn(error, retries)
                pause = _RETRY_SECONDS
            if pause:
                self._stopping.wait(pause)

    def _take(self, turn: Callable[[], bool]) -> bool:
        moved = turn()
        if moved:
            self._standing.move()
        return moved

    def _turn_rows(self) -> bool:
        moved = self._rows_sink.step(PAGE)
        if not moved:
            moved = self._rows_sink.tick(self._clock())
        return self._relay.send() > 0 or moved

    def _turn_columns(self) -> bool:
        moved = self._columns_sink.resume() or self._columns_sink.step(PAGE)
        return self._relay.send() > 0 or moved


def _warn(error: Exception, retries: int) -> None:
    if retries % _WARN_EVERY <= 1:
        logger.warning("A store is out of reach: %s", error)
