"""Work that goes on while a server runs: turn after turn, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from schemas.errors import UnavailableError

log = logging.getLogger(__name__)


class Rounds:
    """Takes turns for as long as they move something, and then pauses until there may be more.

    ``turn`` answers whether anything moved, ``pause`` how many seconds to wait when nothing did. A
    store that is away is waited for.
    """

    def __init__(self, name: str, turn: Callable[[], bool], pause: Callable[[], float]) -> None:
        self._name = name
        self._turn = turn
        self._pause = pause
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether a turn under way should come to its end."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Take turns from now on."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way; without a start nothing is."""
        self._stopping.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    def _run(self) -> None:
        while not self.is_stopping:
            self._news.clear()
            try:
                moved = self._turn()
            except UnavailableError as error:
                log.warning("The %s wait: %s", self._name, error)
                moved = False
            if not moved:
                self._news.wait(self._pause())
