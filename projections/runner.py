"""The runner: follows the log with every sink of one process, each in a thread of its own.

A slow sink holds up no other; one that has to stop stops the other too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import sqlalchemy as sa

from events.log import EventLog
from events.snapshots import Going
from events.sql.outbox import Relay
from projections.following import Following
from projections.read_models import Sinks
from projections.standing import Standing
from projections.turnstile import Turnstile
from projections.waiting import Waiting
from schemas.catalogue import Topic
from schemas.clock import Clock

PAGE = 5000


class Runner:
    """Keeps the read models of one generation up to date."""

    def __init__(
        self,
        rows: sa.Engine,
        log: EventLog,
        sinks: Sinks,
        clock: Clock,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._rows = rows
        self._log = log
        self._live = sinks
        self._relay = Relay(rows, log, clock)
        self._clock = clock
        self._turnstile = Turnstile()
        self._standing = Standing()
        self.waiting = Waiting(rows, log, clock, self._standing)
        self._stopping = threading.Event()
        self._following: list[Following] = []
        self._on_failure = on_failure

    @property
    def is_following(self) -> bool:
        """Whether the sinks follow the log in the background."""
        return bool(self._following)

    def start(self) -> None:
        """Follow the log in the background; again changes nothing."""
        if self._following:
            return
        for name, turn in (("rows", self._turn_rows), ("columns", self._turn_columns)):
            sink = Following(name, partial(self._take, turn), self._turnstile, self._on_failure)
            sink.start(self._stopping)
            self._following.append(sink)

    def stop(self) -> None:
        """Finish the pages under way, and stop."""
        self._stopping.set()
        for sink in self._following:
            sink.join()

    def run_once(self) -> bool:
        """One turn of both sinks in the caller's thread; answers whether anything moved."""
        moved = self._take(self._turn_rows)
        return self._take(self._turn_columns) or moved

    @property
    def sinks(self) -> Sinks:
        """The sinks of the live generation."""
        return self._live

    def use(self, sinks: Sinks) -> None:
        """While held: from now on the generation of these sinks is live."""
        self._live = sinks
        self._standing.move()

    @property
    def is_held(self) -> bool:
        """Whether somebody holds the sinks, or waits to."""
        return self._turnstile.is_held

    def turn_beside(self) -> AbstractContextManager[None]:
        """A turn of something else that writes to the stores; it waits while they are held."""
        return self._turnstile.turn()

    # Standing still

    def held(self) -> AbstractContextManager[None]:
        """Inside, no sink works and nothing is sent to the log."""
        return self._turnstile.hold()

    def finish_step(self) -> None:
        """While held: leave no step of the columns half done."""
        self._live.columns.resume()

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
            moved = self._live.rows.step(PAGE, until)
            moved = self._live.rows.tick(self._live.rows.logical_time()) or moved
            moved = self._relay.send() > 0 or moved
            moved = self._live.columns.step(PAGE, until) or moved
            moved = self._relay.send() > 0 or moved
            self._standing.move()

    # The loops

    def _take(self, turn: Callable[[], bool]) -> bool:
        moved = turn()
        if moved:
            self._standing.move()
        return moved

    def _turn_rows(self) -> bool:
        moved = self._live.rows.step(PAGE)
        if not moved:
            moved = self._live.rows.tick(self._clock())
        return self._relay.send() > 0 or moved

    def _turn_columns(self) -> bool:
        moved = self._live.columns.resume() or self._live.columns.step(PAGE)
        return self._relay.send() > 0 or moved
