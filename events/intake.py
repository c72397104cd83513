"""What waits for a log's writer: handed in by any thread, and gathered."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar

from events.log import Record
from schemas.errors import LogUnavailable

_RECORDS_PER_COMMIT = 10_000
_ITEMS_PER_COMMIT = 512


class Waiting(Protocol):
    """Something that wants an answer from the writer, and may bring records."""

    answer: Future[Any]
    records: Sequence[Record]


_W = TypeVar("_W", bound=Waiting)


class Intake(Generic[_W]):
    """A queue that can be closed: what was put in before is still gathered, nothing after."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_W | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def put(self, item: _W) -> Future[Any]:
        """Hand something in; its answer raises ``LogUnavailable`` if the intake is closed."""
        with self._lock:  # so that nothing is put behind the mark that ends the queue
            if not self._closed:
                self._queue.put(item)
                return item.answer
        item.answer.set_exception(LogUnavailable("The log is closed."))
        return item.answer

    def close(self) -> bool:
        """Take nothing more; answers whether it was open until now."""
        with self._lock:
            if self._closed:
                return False
            self._closed = True
            self._queue.put(None)
            return True

    def gather(self) -> tuple[list[_W], bool]:
        """Wait for something, and take with it what else is there; and whether more may come.

        A caller that stopped waiting may have canceled its answer: it is not among them.
        """
        first = self._queue.get()
        if first is None:
            return [], False
        found = [first]
        records = len(first.records)
        more = True
        while len(found) < _ITEMS_PER_COMMIT and records < _RECORDS_PER_COMMIT:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                more = False
                break
            found.append(item)
            records += len(item.records)
        return [item for item in found if item.answer.set_running_or_notify_cancel()], more
