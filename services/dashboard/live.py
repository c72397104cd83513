"""Server-sent events: a word to every open page whenever a read model has moved.

One poller asks the read side for all listeners, and only while there are any. An event says that
something moved, never what: a page then asks for its parts again, under its own key.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from events.cursor import Cursor
from projections.reading.reads import Reads
from schemas.errors import AnswerbackError, InvalidInput, RateExceeded

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2000
MOST_STREAMS = 500
MOST_STREAMS_OF_A_KEY = 20
_HEARTBEAT = b": still here\n\n"

logger = logging.getLogger(__name__)
Marks = dict[str, Cursor]


class Feed:
    """What the read models' cursors are, told to any number of listeners of one event loop."""

    def __init__(self, reads: Reads, poll_seconds: float = POLL_SECONDS) -> None:
        self._reads = reads
        self._poll_seconds = poll_seconds
        self._listeners: Counter[str] = Counter()
        self._marks: Marks | None = None
        self._moved = asyncio.Event()
        self._poller: asyncio.Task[None] | None = None
        self._ended = False

    def end(self) -> None:
        """Let every stream come to its end: the server is going."""
        self._ended = True
        self._wake()

    def check_room(self, key_id: str) -> None:
        """Raises ``RateExceeded`` when there is no place left among the listeners."""
        if self._listeners.total() >= MOST_STREAMS:
            raise RateExceeded("Too many pages are open. Close some, or wait.", 30)
        if self._listeners[key_id] >= MOST_STREAMS_OF_A_KEY:
            raise RateExceeded("Too many pages are open under this key. Close some.", 30)

    @contextlib.contextmanager
    def _listening(self, key_id: str) -> Iterator[None]:
        self._listeners[key_id] += 1
        if self._poller is None:
            self._poller = asyncio.get_running_loop().create_task(self._poll())
        try:
            yield
        finally:
            self._listeners -= Counter({key_id: 1})
            if not self._listeners and self._poller is not None:
                self._poller.cancel()
                self._poller, self._marks = None, None

    async def stream(
        self,
        key_id: str,
        last_id: str | None,
        still_valid: Callable[[], Awaitable[bool]],
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> AsyncIterator[bytes]:
        """The bytes of one stream: resumes behind ``last_id``, ends when no longer valid."""
        with self._listening(key_id):
            yield b"retry: %d\n\n" % RETRY_MILLISECONDS
            seen: Marks | None = None
            while not self._ended:
                marks, moved = self._marks, self._moved
                if marks is not None and marks != seen:
                    first, seen = seen is None, marks
                    name = _news(marks, last_id) if first else "moved"
                    if name:
                        yield _event(name, encode_marks(marks))
                    continue
                try:
                    await asyncio.wait_for(moved.wait(), heartbeat_seconds)
                except TimeoutError:
                    yield _HEARTBEAT
                if not await still_valid():
                    return

    async def _poll(self) -> None:
        while not self._ended:
            try:
                marks = await asyncio.to_thread(self._reads.cursors)
            except AnswerbackError as error:
                logger.warning("The read side does not tell its cursors: %s", error)
            except Exception:  # the pages would believe to be live, and never be told again
                logger.exception("The read side could not be asked for its cursors.")
            else:
                if marks != self._marks:
                    self._marks = marks
                    self._wake()
            await asyncio.sleep(self._poll_seconds)

    def _wake(self) -> None:
        # Whoever waits holds the old event; the next wait is for the next move.
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


def encode_marks(marks: Marks) -> str:
    """All cursors as one opaque id of an event."""
    return "~".join(f"{name}:{cursor.encode()}" for name, cursor in sorted(marks.items()))


def decode_marks(text: str) -> Marks:
    """What ``encode_marks`` wrote. Raises ``InvalidInput``."""
    marks: Marks = {}
    for part in text.split("~"):
        name, colon, cursor = part.partition(":")
        if not colon:
            raise InvalidInput("The id of the last event cannot be read.")
        marks[name] = Cursor.decode(cursor)
    return marks


def _news(marks: Marks, last_id: str | None) -> str:
    """What a listener has to be told first: that something moved, to start anew, or nothing."""
    if last_id is None:
        return "moved"
    try:
        last = decode_marks(last_id)
    except InvalidInput:
        return "reset"
    if last == marks:
        return ""
    # A place that we have not reached is of another log, or of tables that are gone.
    known = last.keys() == marks.keys()
    return "moved" if known and all(marks[n].reaches(c) for n, c in last.items()) else "reset"


def _event(name: str, identity: str) -> bytes:
    return f"id: {identity}\nevent: {name}\ndata: {{}}\n\n".encode()
