"""What is kept of a request: looked up while the address is whole, which it then never is again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import iptocc

from services.collector.ip_lists import Address, IpList
from services.http import Headers

GPC = "gpc"

_KEPT_BITS = {4: 24, 6: 48}
_SIZE = {4: 32, 6: 128}
_LONGEST_AGENT = 1024
_LONGEST_HEADER = 512

# What judging a hit again needs, and nothing that tells one person from another.
_KEPT_HEADERS = {
    name.encode(): name
    for name in ("purpose", "sec-purpose", "x-moz", "accept-language", "sec-gpc")
}

_KEPT_NAMES = frozenset(_KEPT_HEADERS.values())


@dataclass(slots=True)  # not frozen, which would triple its cost, and changed by nobody
class SeenHit:
    """The ``hit`` of a fact, ready to be written; with the fields of ``schemas.fields.Hit``."""

    ip: str
    country: str
    ip_lists: tuple[str, ...]
    method: str
    user_agent: str
    headers: dict[str, str]


class _Place(NamedTuple):
    ip: str
    country: str
    ip_lists: tuple[str, ...]


class Privacy:
    """Makes hits out of requests."""

    def __init__(self, lists: Sequence[IpList] = ()) -> None:
        self._lists = tuple(lists)
        self._placed = lru_cache(maxsize=65_536)(self._place)

    def hit(self, address: str, method: str, headers: Headers) -> SeenHit:
        """What is kept of one request."""
        place = self._placed(address)
        agent = headers.get(b"user-agent", b"")[:_LONGEST_AGENT].decode("latin-1")
        kept = {
            name: headers[raw][:_LONGEST_HEADER].decode("latin-1")
            for raw, name in _KEPT_HEADERS.items()
            if raw in headers
        }
        if b"referer" in headers:
            origin = origin_of(headers[b"referer"].decode("latin-1"))
            if origin:
                kept["referer"] = origin[:_LONGEST_HEADER]
        return SeenHit(place.ip, place.country, place.ip_lists, method, agent, kept)

    def cleaned(self, told: dict[str, Any]) -> dict[str, Any]:
        """A hit that a sender tells of, with no more in it than we would have kept ourselves."""
        place = self._placed(str(told.get("ip") or ""))
        cleaned = {**told, "ip": place.ip}
        if place.ip:
            cleaned["country"] = told.get("country") or place.country
            cleaned["ip_lists"] = told.get("ip_lists") or place.ip_lists
        if isinstance(told.get("headers"), dict):
            cleaned["headers"] = dict(_kept(told["headers"]))
        return cleaned

    def _place(self, address: str) -> _Place:
        """Country and lists of the whole address, then the address cut to its network."""
        try:
            number = _unmapped(ip_address(address))
        except ValueError:
            return _Place("", "", ())
        country = iptocc.country_code(str(number)) or ""
        named = tuple(one.name for one in self._lists if number in one)
        return _Place(_cut(number), country, named)


def flags_of(headers: Headers) -> tuple[str, ...]:
    """Whether the caller opted out of sharing (Global Privacy Control)."""
    return (GPC,) if headers.get(b"sec-gpc", b"").strip() == b"1" else ()


@lru_cache(maxsize=4096)  # mail comes from few places
def origin_of(url: str) -> str:
    """Scheme, host and port of a web address; empty for anything else."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def _kept(headers: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in headers.items():
        small = name.lower()
        if small in _KEPT_NAMES:
            yield small, value
        elif small == "referer" and isinstance(value, str) and origin_of(value):
            yield small, origin_of(value)


def _unmapped(number: Address) -> Address:
    if isinstance(number, IPv6Address) and number.ipv4_mapped:
        return number.ipv4_mapped
    return number


def _cut(number: Address) -> str:
    dropped = _SIZE[number.version] - _KEPT_BITS[number.version]
    return str(type(number)(int(number) >> dropped << dropped))
