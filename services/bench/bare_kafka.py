"""The ceiling of what appends to Kafka: the client alone, sending the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from time import perf_counter
from typing import Any

from events.kafka.broker import Broker
from events.kafka.producing import producer
from events.kafka.records import headers_of
from events.kafka.topics import Layout
from events.keys import partition_of
from events.log import Record
from schemas.catalogue import Topic

_PATIENCE = 60.0


class BareKafka:
    """A producer as durable as ours and nothing else, with our headers or without any.

    It sends to the topic of derived events, where it is in nobody's way.
    """

    def __init__(self, broker: Broker, layout: Layout, *, headers: bool) -> None:
        self._producer = producer(broker)
        self._topic = layout.name(Topic.DERIVED)
        self._partitions = layout.partitions
        self._headers = headers

    def rate(self, events: Iterator[Record], count: int, at_once: int) -> float:
        """Send some, waiting for so many at once; answers how many a second."""
        taken = list(islice(events, count))
        began = perf_counter()
        for start in range(0, count, at_once):
            sent = [self._send(record) for record in taken[start : start + at_once]]
            for one in sent:
                one.get(_PATIENCE)
        return count / (perf_counter() - began)

    def _send(self, record: Record) -> Any:
        return self._producer.send(
            self._topic, key=record.key.encode(), value=record.data,
            partition=partition_of(record.key, self._partitions),
            headers=headers_of(record) if self._headers else None,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the brokers."""
        self._producer.close()
