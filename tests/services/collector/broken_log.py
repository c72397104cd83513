"""Logs that cannot store."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from events.log import Appended, Record
from events.memory import MemoryLog
from schemas.errors import LogUnavailable
from tests.support.clock import SettableClock


class BreakableLog(MemoryLog):
    """Stores until it is told to fail, or to give no answer at all."""

    def __init__(self) -> None:
        super().__init__(SettableClock())
        self.fails = False
        self.hangs = False
        self.calls: list[int] = []

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        self.calls.append(len(records))
        answer: Future[Appended] = Future()
        if self.hangs:
            return answer
        if self.fails:
            answer.set_exception(LogUnavailable("The disk is full."))
            return answer
        return super().append(records)
