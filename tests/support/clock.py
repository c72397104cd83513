"""A clock that only a test moves."""

from __future__ import annotations

from schemas.instants import Instant

MORNING = 1_792_000_000_000  # 2026-10-14, in the middle of a day
HOUR = 3_600_000
DAY = 24 * HOUR


class SettableClock:
    """Answers the same instant until it is told another."""

    def __init__(self, now: int = MORNING) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return Instant(self.now)

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds
