"""How often one sender may come to one form, source or login."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from schemas.clock import Clock
from schemas.errors import RateExceeded
from services.metrics import RATE_LIMITED

_MINUTE = 60_000
_IPV6_HOST_BITS = 64
_MOST_SENDERS = 100_000


class Rates:
    """Counts within the present minute, and forgets them with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: dict[tuple[str, object], int] = {}

    def count(self, address: str, what: object) -> int:
        """How often this sender has come to this in the present minute, this time included."""
        minute = self._clock() // _MINUTE
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        sender = _sender(address)
        # A flood from many addresses must not fill the memory: late comers share one count.
        known = len(self._counts) < _MOST_SENDERS or (sender, what) in self._counts
        key = (sender if known else "", what)
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def check(self, address: str, what: object, limit: int, door: str) -> None:
        """Count one more. Raises ``RateExceeded`` beyond the limit of a minute; 0 is none."""
        if limit and self.count(address, what) > limit:
            RATE_LIMITED.labels(door).inc()
            raise RateExceeded(
                "Too many requests came from your address. Try again in a minute.",
                self.seconds_left(),
            )

    def seconds_left(self) -> int:
        """Until the next minute begins, rounded up."""
        return 60 - self._clock() % _MINUTE // 1000


def _sender(address: str) -> str:
    """One IPv6 customer holds a whole /64, so that is what counts as one sender."""
    try:
        number = ip_address(address)
    except ValueError:
        return address
    if isinstance(number, IPv6Address) and number.ipv4_mapped:
        return str(number.ipv4_mapped)
    if isinstance(number, IPv6Address):
        return str(IPv6Address(int(number) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))
    return address
