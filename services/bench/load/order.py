"""What a load is told to do, and what it tells afterwards; both cross a process as JSON."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_LENGTH = struct.Struct(">I")


class Order(BaseModel):
    """Which server is asked, with which requests, by how many connections, and for how long.

    ``requests`` is a file of whole requests, asked in turn. With ``blocks`` they are templates:
    each time one is sent, it becomes request number ``first`` and so on. Without ``rate`` they are
    sent as fast as they are answered.
    """

    model_config = ConfigDict(frozen=True)

    port: int
    server: int
    requests: Path
    connections: int
    seconds: float
    cores: frozenset[int]
    status: int = 200
    rate: float | None = None
    at_most: int | None = None
    first: int = 0
    blocks: int | None = None
    counts_accepted: bool = False


class Tally(BaseModel):
    """What came back. ``within`` are the good replies in time, ``good`` all of them.

    ``processor`` are the seconds of processor time that each process of the server took in time.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    within: int
    good: int
    sent: int
    accepted: int
    statuses: dict[int, int]
    processor: dict[int, float]

    @property
    def rate(self) -> float:
        """Good replies a second."""
        return self.within / self.seconds


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Keep requests in a file, each behind its length."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)) + request)


def read_requests(path: Path) -> list[bytes]:
    """The requests of such a file."""
    raw = path.read_bytes()
    found, at = [], 0
    while at < len(raw):
        (length,) = _LENGTH.unpack_from(raw, at)
        at += _LENGTH.size
        found.append(raw[at : at + length])
        at += length
    return found
