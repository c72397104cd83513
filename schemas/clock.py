"""Time and randomness as parts that are passed in, so that tests can hold them still."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from uuid import UUID

from schemas.ids import NO_VERSION, VERSION_4, uuid_of
from schemas.instants import Instant

Clock = Callable[[], Instant]
RandomBytes = Callable[[int], bytes]


def system_clock() -> Instant:
    """The machine's clock."""
    return Instant(time.time_ns() // 1_000_000)


def system_random(count: int) -> bytes:
    """Bytes nobody can guess."""
    return os.urandom(count)


def random_id(random: RandomBytes) -> UUID:
    """A version 4 UUID out of a source of randomness."""
    number = int.from_bytes(random(16), "big")
    return uuid_of((number & NO_VERSION | VERSION_4).to_bytes(16, "big"))
