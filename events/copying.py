"""A log carried over into another one: the same records with the same times, in other places.

The order of each partition of the target follows from the source alone: by recorded time, then by
place. So a copy that was broken off needs no notebook: what the target holds of a partition is the
beginning of what it will hold, and is passed over.
"""

from __future__ import annotations

import hashlib
import heapq
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from events.cursor import TOPICS, Cursor, Place
from events.keys import partition_of
from events.log import Slice, StoredRecord
from schemas.catalogue import Topic
from schemas.errors import CopyDiffers

_PAGE = 2_000
_MASK = 2**128 - 1


class Source(Protocol):
    """What is copied: a log, or as much of one."""

    partitions: int

    def heads(self) -> Cursor:
        """The next offset of every partition."""
        ...

    def read(self, topic: Topic, partition: int, start: int, limit: int) -> Slice:
        """As ``EventLog.read``."""
        ...


class Target(ABC):
    """A log that is being filled: nobody else reads it or writes into it."""

    partitions: int

    @abstractmethod
    def heads(self) -> Cursor:
        """The next offset of every partition."""

    @abstractmethod
    def put(self, records: Sequence[StoredRecord]) -> None:
        """Store records durably under their recorded times, each where its key belongs."""

    @abstractmethod
    def read(self, topic: Topic, partition: int, start: int, limit: int) -> Slice:
        """As ``EventLog.read``."""

    @abstractmethod
    def finish(self) -> None:
        """Make it a log like any other."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a copy has come: ``doing`` is ``copied`` or ``compared``."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TopicDigest:
    """How many records a topic has, and a digest that does not depend on their places."""

    topic: Topic
    records: int
    digest: str


def carry_over(source: Source, target: Target, told: Callable[[Step], None]) -> list[TopicDigest]:
    """Copy what lies in the source now, compare, and finish; answers the digests, which are equal.

    Broken off and called again it goes on. Raises ``CopyDiffers`` if the target holds other things.
    """
    end = source.heads()
    done = Counter[str]()

    def count(doing: str, some: int) -> None:
        done[doing] += some
        told(Step(doing, done[doing], end.total))

    for topic in TOPICS:
        _copy(source, end, target, topic, count)
    digests = [_compared(source, end, target, topic, count) for topic in TOPICS]
    if source.heads() != end:
        raise CopyDiffers(
            "The source has taken events during the copy. Stop what writes to it, and copy again."
        )
    target.finish()
    return digests


def _copy(
    source: Source,
    end: Cursor,
    target: Target,
    topic: Topic,
    count: Callable[[str, int], None],
) -> None:
    there = target.heads()
    passed: Counter[int] = Counter()
    batch: list[StoredRecord] = []
    for record in _ordered(source, end, topic):
        partition = partition_of(record.key, target.partitions)
        passed[partition] += 1
        if passed[partition] <= there[topic, partition]:
            count("copied", 1)
            continue
        batch.append(record)
        if len(batch) == _PAGE:
            target.put(batch)
            count("copied", len(batch))
            batch = []
    if batch:
        target.put(batch)
        count("copied", len(batch))


def _ordered(source: Source, end: Cursor, topic: Topic) -> Iterator[StoredRecord]:
    partitions = [
        _records(source, (topic, number), end[topic, number]) for number in range(source.partitions)
    ]
    return heapq.merge(*partitions, key=lambda record: (record.recorded_at, record.position))


def _records(log: Source, place: Place, end: int) -> Iterator[StoredRecord]:
    at = 0
    while at < end:
        page = log.read(*place, at, min(_PAGE, end - at))
        yield from page.records
        at = page.end


def _compared(
    source: Source, end: Cursor, target: Target, topic: Topic, count: Callable[[str, int], None]
) -> TopicDigest:
    wanted = _digest(source, end, topic, lambda some: count("compared", some))
    found = _digest(target, target.heads(), topic, lambda _some: None)
    if found != wanted:
        raise CopyDiffers(
            f"{topic} has {wanted.records} records in the source and {found.records} in the copy, "
            "or others. Remove the copy's topics, and copy again."
        )
    return wanted


def _digest(log: Source, end: Cursor, topic: Topic, count: Callable[[int], None]) -> TopicDigest:
    total = records = 0
    for partition in range(log.partitions):
        for record in _records(log, (topic, partition), end[topic, partition]):
            total = (total + _number(record)) & _MASK
            records += 1
            if records % _PAGE == 0:
                count(_PAGE)
    count(records % _PAGE)
    return TopicDigest(topic, records, f"{total:032x}")


def _number(record: StoredRecord) -> int:
    """All of a record but its place, as one large number."""
    taken = hashlib.blake2b(digest_size=16)
    for part in (
        str(record.recorded_at).encode(), record.key.encode(), record.event_id.bytes,
        record.type.encode(), record.head, record.data,
    ):  # fmt: skip
        taken.update(len(part).to_bytes(4, "big") + part)
    return int.from_bytes(taken.digest(), "big")
