"""How much one key, or one source, may send in a minute; what is beyond it is refused with 429."""

from __future__ import annotations

from threading import Lock

from schemas.clock import Clock
from schemas.errors import RateExceeded
from services.metrics import RATE_LIMITED

_MINUTE = 60_000


class Quotas:
    """Counts within the present minute, for holders that are known: keys and sources are few.

    A limit of 0 is none. Any thread may ask.
    """

    def __init__(self, clock: Clock, door: str, requests: int, events: int = 0) -> None:
        self._clock = clock
        self._door = door
        self._requests = requests
        self._events = events
        self._lock = Lock()
        self._minute = 0
        self._counts: dict[str, tuple[int, int]] = {}

    def take(self, holder: str, *, requests: int = 1, events: int = 0) -> None:
        """Take something out of a holder's share. Raises ``RateExceeded``; then nothing is taken.

        A single request with more events than a minute's share is taken when the minute is new,
        since it would be refused for ever.
        """
        if not (self._requests or self._events):
            return
        with self._lock:
            minute = self._clock() // _MINUTE
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            asked, sent = self._counts.get(holder, (0, 0))
            too_often = bool(self._requests) and requests and asked >= self._requests
            too_much = bool(self._events) and events and sent and sent + events > self._events
            if not (too_often or too_much):
                self._counts[holder] = (asked + requests, sent + events)
                return
        RATE_LIMITED.labels(self._door).inc()
        raise RateExceeded(
            "More was sent than one key or source may send in a minute. Send it again later.",
            60 - self._clock() % _MINUTE // 1000,
        )
