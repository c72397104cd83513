"""Versioned lists of networks: what is noted on a hit before its address is cut."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

from schemas.errors import SettingsInvalid

Address = IPv4Address | IPv6Address
_Range = tuple[int, int]


class IpList:
    """A list with the name and version that facts note, and the ranges in it."""

    def __init__(self, name: str, networks: Iterable[str]) -> None:
        self.name = name
        ranges: dict[int, list[_Range]] = {4: [], 6: []}
        for text in networks:
            network = ip_network(text, strict=False)
            first = int(network.network_address)
            ranges[network.version].append((first, first + network.num_addresses - 1))
        self._ranges = {version: _merged(found) for version, found in ranges.items()}

    def __contains__(self, address: Address) -> bool:
        starts, ends = self._ranges[address.version]
        place = bisect_right(starts, int(address)) - 1
        return place >= 0 and int(address) <= ends[place]


def apple_list(path: Path) -> IpList:
    """Apple's published CSV (network first); its version is the beginning of its digest."""
    try:
        raw = path.read_bytes()
        version = hashlib.sha256(raw).hexdigest()[:12]
        return IpList(f"apple-egress@{version}", _first_column(raw.decode("utf-8")))
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"The list of networks in {path} cannot be read: {error}.") from error


def _first_column(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.partition(",")[0].strip()


def _merged(ranges: list[_Range]) -> tuple[list[int], list[int]]:
    """Ranges that do not overlap, as their starts and their ends."""
    starts: list[int] = []
    ends: list[int] = []
    for first, last in sorted(ranges):
        if ends and first <= ends[-1] + 1:
            ends[-1] = max(ends[-1], last)
        else:
            starts.append(first)
            ends.append(last)
    return starts, ends
