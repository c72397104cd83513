"""Ranges of a partition, read by any thread.

A consumer of kafka-python serves one thread at a time, and reads on cheaply only from where it
stands. So there are several, and who reads on gets the one that stands there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from events.cursor import Place
from events.kafka.broker import Broker
from events.kafka.records import stored_of
from events.kafka.topics import Layout
from events.log import StoredRecord
from schemas.envelope import Position
from schemas.errors import LogUnavailable, RangeRemoved

_IDLE = 4
_FETCH = 8 * 1024 * 1024
_POLL_MS = 200
_SECONDS = 30.0


class Reader:
    """Consumers that follow no group: what is read is asked for by offset."""

    def __init__(self, broker: Broker, layout: Layout) -> None:
        self._broker = broker
        self._layout = layout
        self._idle: list[_Tape] = []
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._asker: Any = None
        self._closed = False

    def read(self, place: Place, start: int, end: int) -> list[StoredRecord]:
        """The records of [start, end), all of which must be there.

        Raises ``RangeRemoved`` if retention has taken some, ``LogUnavailable`` without a broker.
        """
        with self._broker.reached(), self._tape(place, start) as tape:
            return tape.read(place, start, end)

    def ends(self, places: list[Place]) -> dict[Place, int]:
        """Behind the last record of each partition that all replicas have."""
        return self._asked("end_offsets", self._names(places))

    def starts(self, places: list[Place]) -> dict[Place, int]:
        """The first record of each partition that retention has left."""
        return self._asked("beginning_offsets", self._names(places))

    def first_after(self, places: list[Place], recorded_at: int) -> dict[Place, int | None]:
        """The first record of each partition later than a time."""
        times = dict.fromkeys(self._names(places), recorded_at + 1)
        found = self._asked("offsets_for_times", times)
        return {place: at.offset if at is not None else None for place, at in found.items()}

    def close(self) -> None:
        """Close all consumers; those at work when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for tape in idle:
            tape.close()
        with self._asking:
            if self._asker is not None:
                self._asker.close(autocommit=False)
                self._asker = None

    def _names(self, places: list[Place]) -> list[Any]:
        return [TopicPartition(self._layout.name(topic), number) for topic, number in places]

    def _asked(self, question: str, about: Any) -> dict[Place, Any]:
        """One question to the brokers about many partitions."""
        with self._broker.reached(), self._asking:
            if self._asker is None:
                if self._closed:
                    raise LogUnavailable("The log is closed.")
                self._asker = _consumer(self._broker)
            answers = self._answered(self._asker, question, about)
        topics = self._layout.topics
        return {(topics[asked.topic], asked.partition): told for asked, told in answers.items()}

    def _answered(self, asker: Any, question: str, about: Any) -> Any:
        try:
            return getattr(asker, question)(about)
        except KeyError as error:
            # A broker that has just come back names no leaders yet, which the client stumbles over.
            raise LogUnavailable(f"Kafka does not know {error} at the moment.") from error

    @contextmanager
    def _tape(self, place: Place, start: int) -> Iterator[_Tape]:
        tape = self._taken((place, start))
        try:
            yield tape
        except BaseException:
            tape.close()  # what it has fetched halfway is not to be guessed at
            raise
        if not self._given_back(tape):
            tape.close()

    def _taken(self, at: tuple[Place, int]) -> _Tape:
        with self._lock:
            if self._closed:
                raise LogUnavailable("The log is closed.")
            for index, tape in enumerate(self._idle):
                if tape.at == at:
                    return self._idle.pop(index)
            if len(self._idle) >= _IDLE:
                return self._idle.pop(0)
        return _Tape(_consumer(self._broker), self._layout)

    def _given_back(self, tape: _Tape) -> bool:
        with self._lock:
            if self._closed or len(self._idle) >= _IDLE:
                return False
            self._idle.append(tape)
            return True


class _Tape:
    """A consumer, and where it stands."""

    def __init__(self, consumer: Any, layout: Layout) -> None:
        self._consumer = consumer
        self._layout = layout
        self.at: tuple[Place, int] | None = None

    def read(self, place: Place, start: int, end: int) -> list[StoredRecord]:
        name = TopicPartition(self._layout.name(place[0]), place[1])
        if self.at != (place, start):
            self._consumer.assign([name])
            self._consumer.seek(name, start)
        found: list[StoredRecord] = []
        gives_up = time.monotonic() + _SECONDS
        while len(found) < end - start:
            left = end - start - len(found)
            for message in self._polled(name, left, place, start):
                found.append(_stored(place, message))
                gives_up = time.monotonic() + _SECONDS
            if time.monotonic() > gives_up:
                raise LogUnavailable(
                    f"Kafka gives nothing of {name.topic} {name.partition} from offset "
                    f"{start + len(found)}, though there is something up to {end}."
                )
        self.at = (place, end)
        return found

    def _polled(self, name: Any, most: int, place: Place, start: int) -> list[Any]:
        try:
            polled = self._consumer.poll(timeout_ms=_POLL_MS, max_records=most)
        except OffsetOutOfRangeError as error:
            raise RangeRemoved(
                f"{place[0]} {place[1]} no longer has offset {start}: retention has removed it."
            ) from error
        messages: list[Any] = polled.get(name, [])
        return messages

    def close(self) -> None:
        self._consumer.close(autocommit=False)


def _stored(place: Place, message: Any) -> StoredRecord:
    position = Position(*place, message.offset)
    return stored_of(position, message.timestamp, message.key, message.value, message.headers)


def _consumer(broker: Broker) -> Any:
    return broker.opened(
        KafkaConsumer,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        max_partition_fetch_bytes=_FETCH,
        fetch_max_wait_ms=50,
        metrics_enabled=False,
    )
