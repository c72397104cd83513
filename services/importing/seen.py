"""Which facts a file has named already: duplicates and conflicts within the file itself."""

from __future__ import annotations

import hashlib
from array import array

_FIRST = 1 << 12


class Seen:
    """A table of fingerprints in flat arrays: 24 bytes a place, at most two thirds of them taken.

    A dict of bytes took five times the memory. Two of ten million facts share a fingerprint of 128
    bits with a probability below 10^-24.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(_FIRST)

    def note(self, name: str, content: bytes) -> bool | None:
        """Remember a fact; None if it is new, else whether it says the same as the first one."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        high = int.from_bytes(digest[:8], "big") or 1  # 0 marks a free place
        low = int.from_bytes(digest[8:], "big")
        said = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
        place = self._place(high, low)
        if self._high[place]:
            return bool(self._content[place] == said)
        self._set(place, high, low, said)
        self._count += 1
        if self._count * 3 > self._size * 2:
            self._grow()
        return None

    def _place(self, high: int, low: int) -> int:
        place = low % self._size
        while self._high[place] and (self._high[place], self._low[place]) != (high, low):
            place = (place + 1) % self._size
        return place

    def _set(self, place: int, high: int, low: int, said: int) -> None:
        self._high[place], self._low[place], self._content[place] = high, low, said

    def _make(self, size: int) -> None:
        self._size = size
        self._high, self._low, self._content = (array("Q", bytes(8 * size)) for _ in range(3))

    def _grow(self) -> None:
        old = zip(self._high, self._low, self._content, strict=True)
        self._make(self._size * 2)
        for high, low, said in old:
            if high:
                self._set(self._place(high, low), high, low, said)
