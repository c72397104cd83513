"""How often the sinks have moved, so that whoever waits for them asks the stores only then."""

from __future__ import annotations

import threading


class Standing:
    """Counts the turns that moved something, and wakes whoever waits for the next one."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._turns = 0

    @property
    def turns(self) -> int:
        """How many turns have moved something; to be read before the stores are."""
        return self._turns

    def move(self) -> None:
        """A turn has moved something, and what it wrote is stored."""
        with self._moved:
            self._turns += 1
            self._moved.notify_all()

    def await_move(self, turns: int, seconds: float) -> bool:
        """Wait until more turns have moved something; answers whether they have in that time."""
        with self._moved:
            return self._moved.wait_for(lambda: self._turns > turns, seconds)
