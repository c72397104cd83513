"""A log that stores nothing and cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, NoReturn

from events.log import Appended, Record
from events.memory import MemoryLog
from schemas.errors import LogUnavailable


class UnreadableLog(MemoryLog):
    """Fails whatever it is asked, as a database on a broken disk does."""

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        answer: Future[Appended] = Future()
        answer.set_exception(LogUnavailable("The disk does not answer."))
        return answer

    def heads(self) -> NoReturn:
        raise LogUnavailable("The disk does not answer.")

    def read(self, *_: Any) -> NoReturn:
        raise LogUnavailable("The disk does not answer.")
