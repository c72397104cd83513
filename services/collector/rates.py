"""How often one sender may come to one form."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from schemas.clock import Clock

_MINUTE = 60_000
_IPV6_HOST_BITS = 64


class Rates:
    """Counts within the present minute; what it remembers is bounded by what came in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: dict[tuple[str, object], int] = {}

    def count(self, address: str, what: object) -> int:
        """How often this sender has come to this in the present minute, this time included."""
        minute = self._clock() // _MINUTE
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        key = (_sender(address), what)
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def seconds_left(self) -> int:
        """Until the next minute begins, rounded up."""
        return 60 - self._clock() % _MINUTE // 1000


def _sender(address: str) -> str:
    """One IPv6 customer holds a whole /64, so that is what counts as one sender."""
    try:
        number = ip_address(address)
    except ValueError:
        return address
    if isinstance(number, IPv6Address):
        return str(IPv6Address(int(number) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))
    return address
