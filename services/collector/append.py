"""Into the log, and waiting until it has them: no door says yes before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future

from events.log import Appended, EventLog, Record
from schemas.errors import LogUnavailable

Waiting = tuple[Record, "asyncio.Future[None]"]


class Appender:
    """Hands records to the log from an event loop, with a bound on the waiting."""

    def __init__(self, log: EventLog, seconds: float) -> None:
        self._log = log
        self._seconds = seconds
        self._waiting: list[Waiting] = []

    async def append(self, records: Sequence[Record]) -> Appended:
        """Store records in one piece. Raises ``LogUnavailable``."""
        try:
            answer = asyncio.wrap_future(self._log.append(records))
            return await asyncio.wait_for(answer, self._seconds)
        except TimeoutError:
            raise self._late() from None

    async def add(self, record: Record) -> None:
        """Store one hit together with all others of this moment. Raises ``LogUnavailable``.

        Only for ``fresh`` records: they cannot be copies, so nothing is to be told of them. One
        call of the log and one wake-up of the loop serve the whole group.
        """
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._waiting.append((record, stored))
        if len(self._waiting) == 1:
            loop.call_soon(self._send, loop)
        await stored

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting, []
        answer = self._log.append([record for record, _ in group])
        timer = loop.call_later(self._seconds, self._give_up, group, answer)

        def settle(done: Future[Appended]) -> None:
            loop.call_soon_threadsafe(_settle, group, timer, done)

        answer.add_done_callback(settle)

    def _give_up(self, group: Sequence[Waiting], answer: Future[Appended]) -> None:
        answer.cancel()
        for _, stored in group:
            if not stored.done():
                stored.set_exception(self._late())

    def _late(self) -> LogUnavailable:
        return LogUnavailable(f"The log gave no answer in {self._seconds:g} s. Send it again.")


def _settle(group: Sequence[Waiting], timer: asyncio.TimerHandle, answer: Future[Appended]) -> None:
    timer.cancel()
    failure = None if answer.cancelled() else answer.exception()
    for _, stored in group:
        if stored.done():  # its caller has gone, or was told that the log is late
            continue
        if failure is None:
            stored.set_result(None)
        else:
            stored.set_exception(failure)
