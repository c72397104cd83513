"""One sink as a worker: it follows its delivery, at the places that its group has given it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

from events.cursor import Place
from projections.following import Following
from projections.tenure import Shared
from projections.turnstile import Turnstile
from schemas.errors import ProjectionStopped
from services.stream.delivery import Delivery

_STOP_SECONDS = 30.0
_LOOK_SECONDS = 1.0

logger = logging.getLogger("answerback.worker")


class Group(Protocol):
    """The membership of a group, as an asyncio service."""

    async def start(self) -> None:
        """Join."""

    async def stop(self) -> None:
        """Leave."""

    @property
    def crash_reason(self) -> BaseException | None:
        """What ended it, if anything did."""


class SinkWorker:
    """Follows one sink until it is stopped, or until something stops it: ``failure`` says what."""

    def __init__(
        self,
        name: str,
        turn: Callable[[], bool],
        resume: Callable[[], object],
        tenure: Shared,
        delivery: Delivery,
        join: Callable[[Callable[[], None]], Group],
        stall_seconds: float,
    ) -> None:
        """``turn`` applies what comes next, and answers whether there was anything; ``resume``
        finishes what whoever had the places before has left half done; ``join`` makes the
        membership, in the loop it is to live in, and is told how to drain.
        """
        self.name = name
        self._take = turn
        self._resume = resume
        self._tenure = tenure
        self._delivery = delivery
        self._join = join
        self._stall_seconds = stall_seconds
        self._assignment = -1
        self._moved_at = time.monotonic()
        self._turnstile = Turnstile()
        self._stopping = threading.Event()
        self.failure: BaseException | None = None
        self._following = Following(name, self._turn, self._turnstile, self._fail, shared=True)
        self._member = threading.Thread(target=self._live, name=f"group-{name}", daemon=True)
        self._on_failure: Callable[[], None] = lambda: None

    @property
    def places(self) -> Collection[Place]:
        """The places held."""
        return self._tenure.places

    @property
    def waiting(self) -> int:
        """How many records were brought and are not applied."""
        return self._delivery.waiting()

    @property
    def gaps(self) -> int:
        """How often what was brought did not go on where it had ended."""
        return self._delivery.gaps

    @property
    def is_stalled(self) -> bool:
        """Whether something was brought and nothing has moved for too long."""
        waits = self._delivery.waiting() > 0
        return waits and time.monotonic() - self._moved_at > self._stall_seconds

    def start(self, on_failure: Callable[[], None]) -> None:
        """Join the group and follow; ``on_failure`` is called once if that has to end."""
        self._on_failure = on_failure
        self._following.start(self._stopping)
        self._member.start()

    def stop(self) -> None:
        """Finish the page under way, leave the group, and end."""
        self._stopping.set()
        self._following.join()
        self._member.join(_STOP_SECONDS)

    def _turn(self) -> bool:
        places, assignment = self._delivery.assigned()
        if assignment != self._assignment:
            self._tenure.hold(places)
            self._resume()
            self._assignment = assignment
        if not places:
            return False
        moved = self._take()
        if moved or not self._delivery.waiting():
            self._moved_at = time.monotonic()
        return moved

    def _drain(self) -> None:
        """Wait until the page under way is stored, or has failed."""
        with self._turnstile.hold():
            pass

    def _live(self) -> None:
        """Belong to the group; a membership that is lost is no reason to end, but to join again."""
        while not self._stopping.is_set():
            try:
                asyncio.run(self._belong())
            except ProjectionStopped as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - Faust passes on whatever its client raises
                logger.warning("The group of %s is left, and joined again: %r", self.name, error)
                self._delivery.assign(())
                self._stopping.wait(_LOOK_SECONDS)

    async def _belong(self) -> None:
        group = self._join(self._drain)
        try:
            await group.start()
            while not self._stopping.is_set():
                await asyncio.sleep(_LOOK_SECONDS)
                if group.crash_reason is not None:
                    raise group.crash_reason
                if self.is_stalled:
                    raise ProjectionStopped(
                        f"The sink {self.name} has not moved for {self._stall_seconds:g} s though "
                        "events wait for it."
                    )
        finally:
            await group.stop()

    def _fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        self._stopping.set()
        self._on_failure()
