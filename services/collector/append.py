"""Into the log, and waiting until it has them: no door says yes before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from events.log import Appended, EventLog, Record
from schemas.errors import LogUnavailable

_SECONDS_BETWEEN = 0.002
"""Groups follow each other no faster: a commit costs the same for one hit as for fifty."""


Then = Callable[[BaseException | None], None]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Group:
    """Hits that go into the log together, and those who wait for it."""

    records: list[Record] = field(default_factory=list)
    waiting: list[Then] = field(default_factory=list)
    ended: bool = False

    def tell(self, failure: BaseException | None) -> None:
        """Let everybody know; who cannot take it is no reason to keep it from the others."""
        self.ended = True
        for then in self.waiting:
            try:
                then(failure)
            except Exception:
                log.exception("A hit's answer could not be given.")


class Appender:
    """Hands records to the log from an event loop, with a bound on the waiting."""

    def __init__(self, log: EventLog, seconds: float) -> None:
        self._log = log
        self._seconds = seconds
        self._next = _Group()
        self._sending = False
        self._sent_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def append(self, records: Sequence[Record]) -> Appended:
        """Store records in one piece. Raises ``LogUnavailable``."""
        try:
            answer = asyncio.wrap_future(self._log.append(records))
            return await asyncio.wait_for(answer, self._seconds)
        except TimeoutError:
            raise self._late() from None

    def add(self, record: Record) -> asyncio.Future[None]:
        """Store one hit as ``then`` does; the future raises ``LogUnavailable``."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.then(record, partial(_settled, stored))
        return stored

    def then(self, record: Record, then: Then) -> None:
        """Store one hit together with others, and call back: with the failure, if there is one.

        Only for ``fresh`` records: they cannot be copies, so nothing is to be told of them. One
        group is on its way at a time, and whoever comes meanwhile is in the next: the busier the
        door, the larger its groups, and the less each hit costs.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            # Kept, since looking it up costs a system call; an appender serves one loop.
            loop = self._loop = asyncio.get_running_loop()
        self._next.records.append(record)
        self._next.waiting.append(then)
        if not self._sending:
            self._sending = True
            loop.call_at(self._sent_at + _SECONDS_BETWEEN, self._send, loop)

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._next = self._next, _Group()
        self._sent_at = loop.time()
        answer = self._log.append(group.records)
        timer = loop.call_later(self._seconds, self._end, loop, group, answer)
        # Nothing here may hold the answer that it hangs on: all hits of a group would be garbage
        # that only the collector finds, and looking for it costs as much as the hits themselves.
        answer.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._settle, loop, group, timer, done)
        )

    def _settle(
        self,
        loop: asyncio.AbstractEventLoop,
        group: _Group,
        timer: asyncio.TimerHandle,
        answer: Future[Appended],
    ) -> None:
        timer.cancel()
        self._end(loop, group, answer)

    def _end(
        self, loop: asyncio.AbstractEventLoop, group: _Group, answer: Future[Appended]
    ) -> None:
        """The log has answered, or has taken too long."""
        if group.ended:
            return
        late = not answer.done()
        if late:
            answer.cancel()
        self._sending = bool(self._next.records)
        if self._sending:
            loop.call_at(self._sent_at + _SECONDS_BETWEEN, self._send, loop)
        group.tell(self._late() if late else answer.exception())

    def _late(self) -> LogUnavailable:
        return LogUnavailable(f"The log gave no answer in {self._seconds:g} s. Send it again.")


def _settled(stored: asyncio.Future[None], failure: BaseException | None) -> None:
    if stored.done():  # whoever waited has gone
        return
    if failure is None:
        stored.set_result(None)
    else:
        stored.set_exception(failure)
