"""Topics that are being filled with a copy of another log.

While they are, the times of their records are those that the copy gives them
(``message.timestamp.type=CreateTime``). By that whoever opens a log knows that it is not ready, and
refuses it; the last step turns the topics into a log like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from events.copying import Target
from events.cursor import Cursor
from events.kafka.broker import Broker
from events.kafka.pages import Pages
from events.kafka.producing import producer
from events.kafka.records import headers_of
from events.kafka.topics import Layout, begin_filling, end_filling
from events.keys import partition_of
from events.log import Slice, StoredRecord
from schemas.catalogue import Topic

_SECONDS = 60.0


class KafkaTarget(Target):
    """Topics on Kafka. Raises ``SettingsInvalid`` if they are in use or made otherwise."""

    def __init__(self, broker: Broker, layout: Layout) -> None:
        begin_filling(broker, layout)
        self.partitions = layout.partitions
        self._broker = broker
        self._layout = layout
        self._pages = Pages(broker, layout)
        with broker.reached():
            self._producer = producer(broker)

    def heads(self) -> Cursor:
        return self._pages.heads()

    def read(self, topic: Topic, partition: int, start: int, limit: int) -> Slice:
        return self._pages.read(topic, partition, start, limit)

    def put(self, records: Sequence[StoredRecord]) -> None:
        with self._broker.reached():
            sent = [self._send(record) for record in records]
            self._producer.flush(timeout=_SECONDS)
            for future in sent:
                future.get(timeout=0)

    def _send(self, record: StoredRecord) -> Any:
        return self._producer.send(
            self._layout.name(record.position.topic),
            value=record.data,
            key=record.key.encode(),
            headers=headers_of(record),
            partition=partition_of(record.key, self.partitions),
            timestamp_ms=record.recorded_at,
        )

    def finish(self) -> None:
        end_filling(self._broker, self._layout)

    def close(self) -> None:
        """Release connections; what was put is stored."""
        self._producer.close(timeout=0)
        self._pages.close()
