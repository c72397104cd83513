"""Watches the memory of a family of processes while something goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.bench.processes import Memory, memory

_EVERY_SECONDS = 0.2


class Watch:
    """The most that was seen; samples are all there is, so a short peak between them is missed."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.most = Memory(0, 0)

    def look(self) -> Memory:
        """Look once; answers what there is now."""
        now = memory(self._process)
        self.most = Memory(
            max(self.most.resident, now.resident), max(self.most.shared_fairly, now.shared_fairly)
        )
        return now


@contextmanager
def watched(process: int) -> Iterator[Watch]:
    """Look several times a second for as long as this lasts."""
    watch, over = Watch(process), threading.Event()

    def look_on() -> None:
        while not over.wait(_EVERY_SECONDS):
            watch.look()

    thread = threading.Thread(target=look_on, name="watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
