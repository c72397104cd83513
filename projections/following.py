"""One sink, followed in a thread of its own until told to stop.

What cannot be reached is tried again; what would harm the data stops the sink loudly: whoever made
it is told why at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from projections.turnstile import Turnstile
from schemas.errors import CursorGap, LogUnavailable, OutOfRoom, UnavailableError

_IDLE_SECONDS = 0.02
# Turns begin no closer to each other than this. A turn has a fixed cost: beside 500 events a second
# the sink of rows took a page of ten events as soon as it was there, and a sixth of the core.
_SPACING_SECONDS = 0.05
# After a long turn others get theirs: who waits for SQLite's lock asks ten times a second.
_YIELDING_SECONDS = 0.1
_YIELDED = 0.1
_RETRY_SECONDS = 1.0
_MOST_RETRIES = 120  # then it is no passing trouble: the process says so by ending
_WARN_EVERY = 60

logger = logging.getLogger("answerback.runner")


class Following:
    """Takes turns of one sink; a turn answers whether anything moved.

    ``shared`` is for a sink whose places others may take over: then a page that comes too late is
    read again, and no fault.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], bool],
        turnstile: Turnstile,
        on_failure: Callable[[BaseException], None],
        *,
        shared: bool = False,
    ) -> None:
        self._turn = turn
        self._turnstile = turnstile
        self._on_failure = on_failure
        self._passing = (CursorGap, UnavailableError) if shared else UnavailableError
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"sink-{name}", daemon=True)

    def start(self, stopping: threading.Event) -> None:
        """Begin; ends when ``stopping`` is set, and sets it when it fails."""
        self._stopping = stopping
        self._thread.start()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def _follow(self) -> None:
        retries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                with self._turnstile.turn():
                    moved = self._turn()
                took = time.monotonic() - began
                yielding = min(took * _YIELDED, _YIELDING_SECONDS)
                pause = max(_SPACING_SECONDS - took, yielding) if moved else _IDLE_SECONDS
                retries = 0
            except (OutOfRoom, LogUnavailable) as error:
                # An operator makes room; the process that has the log says itself if it must end.
                _warn(error, retries)
                retries += 1
                pause = _RETRY_SECONDS
            except Exception as error:
                retries += 1
                if not isinstance(error, self._passing) or retries > _MOST_RETRIES:
                    # Whatever it is, going on could skip events: stop, and say so.
                    logger.exception("A sink has stopped.")
                    self._stopping.set()
                    self._on_failure(error)
                    return
                _warn(error, retries)
                pause = _RETRY_SECONDS
            if pause:
                self._stopping.wait(pause)


def _warn(error: Exception, retries: int) -> None:
    if retries % _WARN_EVERY <= 1:
        logger.warning("A sink tries again: %s", error)
