"""A position as one integer, in the order of topic, partition and offset: a key for SQLite."""

from __future__ import annotations

from events.cursor import TOPICS, Place
from schemas.envelope import Position

_PARTITION_BITS, _OFFSET_BITS = 8, 48
_PARTITION_MASK, _OFFSET_MASK = (1 << _PARTITION_BITS) - 1, (1 << _OFFSET_BITS) - 1
_NUMBERS = {topic: number for number, topic in enumerate(TOPICS)}


def number_of(place: Place, offset: int) -> int:
    """The integer of an offset in a place."""
    return (_NUMBERS[place[0]] << _PARTITION_BITS | place[1]) << _OFFSET_BITS | offset


def position_of(number: int) -> Position:
    """The position that an integer is."""
    where = number >> _OFFSET_BITS
    topic = TOPICS[where >> _PARTITION_BITS]
    return Position(topic, where & _PARTITION_MASK, number & _OFFSET_MASK)
