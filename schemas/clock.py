"""Time and randomness as parts that are passed in, so that tests can hold them still."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from uuid import UUID

from schemas.ids import random_uuid
from schemas.instants import Instant

Clock = Callable[[], Instant]
RandomBytes = Callable[[int], bytes]
_DRAWN_AT_ONCE = 256


def system_clock() -> Instant:
    """The machine's clock."""
    return Instant(time.time_ns() // 1_000_000)


def system_random(count: int) -> bytes:
    """Bytes nobody can guess."""
    return os.urandom(count)


def random_id(random: RandomBytes) -> UUID:
    """A version 4 UUID out of a source of randomness."""
    return random_uuid(random(16))


class RandomIds:
    """Version 4 UUIDs, drawn many at a time: asking the system costs more than all the rest."""

    def __init__(self, random: RandomBytes) -> None:
        self._random = random
        self._drawn: list[bytes] = []

    def __call__(self) -> UUID:
        """The next id. Any thread may ask."""
        try:
            return random_uuid(self._drawn.pop())
        except IndexError:
            block = self._random(16 * _DRAWN_AT_ONCE)
            first, *others = (block[at : at + 16] for at in range(0, len(block), 16))
            self._drawn += others
            return random_uuid(first)
