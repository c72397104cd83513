"""Points of knowledge: for every topic and partition, the next offset to read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import Fault, InvalidInput

TOPICS = tuple(Topic)
Place = tuple[Topic, int]
_VERSION = 1
_LONGEST = 2048
_LARGEST = 2**63 - 1


class Cursor(Mapping[Place, int]):
    """An immutable map (topic, partition) -> next offset; what is absent counts as zero."""

    __slots__ = ("_next",)

    def __init__(self, places: Mapping[Place, int] | None = None) -> None:
        self._next = {place: offset for place, offset in (places or {}).items() if offset > 0}

    @classmethod
    def after(cls, positions: Iterable[Position]) -> Self:
        """The smallest cursor that has passed all of the positions."""
        places: dict[Place, int] = {}
        for topic, partition, offset in positions:
            places[topic, partition] = max(places.get((topic, partition), 0), offset + 1)
        return cls(places)

    def __getitem__(self, place: Place) -> int:
        return self._next.get(place, 0)

    def __contains__(self, place: object) -> bool:
        return place in self._next

    def __iter__(self) -> Iterator[Place]:
        return iter(self._next)

    def __len__(self) -> int:
        return len(self._next)

    def __hash__(self) -> int:
        return hash(frozenset(self._next.items()))

    def __repr__(self) -> str:
        return f"Cursor({self._next!r})"

    def reaches(self, other: Cursor) -> bool:
        """Whether everything before ``other`` is before this one too."""
        return all(self[place] >= offset for place, offset in other.items())

    def moved(self, places: Mapping[Place, int]) -> Cursor:
        """This cursor with some places set anew."""
        return Cursor({**self._next, **places})

    def merged(self, other: Cursor) -> Cursor:
        """The smallest cursor that reaches both."""
        return self.moved({place: max(self[place], offset) for place, offset in other.items()})

    @property
    def total(self) -> int:
        """How many records lie before it: grows with every move, so it orders versions of a row."""
        return sum(self._next.values())

    def encode(self) -> str:
        """One opaque string, at most 2 KiB for three topics of 64 partitions."""
        out = bytearray([_VERSION])
        for topic in TOPICS:
            partitions = sorted(p for t, p in self._next if t == topic)
            out += _varint(len(partitions))
            for partition in partitions:
                out += _varint(partition) + _varint(self._next[topic, partition])
        return base64.urlsafe_b64encode(bytes(out)).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what ``encode`` wrote. Raises ``InvalidInput`` for anything else."""
        try:
            return cls(_places(iter(_raw(text))))
        except (ValueError, binascii.Error, StopIteration):
            fault = Fault("", "Send a cursor exactly as an earlier reply gave it.")
            raise InvalidInput("The cursor cannot be read.", (fault,)) from None


def _raw(text: str) -> bytes:
    if len(text) > _LONGEST or not text.isascii():
        raise ValueError
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _places(raw: Iterator[int]) -> dict[Place, int]:
    if next(raw) != _VERSION:
        raise ValueError
    places: dict[Place, int] = {}
    for topic in TOPICS:
        for _ in range(_read_varint(raw)):
            partition = _read_varint(raw)
            places[topic, partition] = _read_varint(raw)
    if next(raw, None) is not None:
        raise ValueError
    return places


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(raw: Iterator[int]) -> int:
    number = shift = 0
    while True:
        byte = next(raw)
        number |= (byte & 0x7F) << shift
        if number > _LARGEST:
            raise ValueError
        if byte < 0x80:
            return number
        shift += 7
