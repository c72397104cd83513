"""Turns that many threads take at once, and that one caller can hold up for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turnstile:
    """A turn is never held up in its middle; whoever holds has no turn under way beside him."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._under_way = 0
        self._held = False

    @property
    def is_held(self) -> bool:
        """Whether somebody holds them up, or waits for the last turn under way."""
        return self._held

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn; waits while they are held."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """No turn begins in here, and none is under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held)
            self._held = True
            self._changed.wait_for(lambda: self._under_way == 0)
        try:
            yield
        finally:
            with self._changed:
                self._held = False
                self._changed.notify_all()
