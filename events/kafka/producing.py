"""The producer, as all that write to the topics make it."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer

from events.kafka.broker import Broker
from events.kafka.topics import LARGEST_RECORD

_BATCH = 256 * 1024
_BLOCK_MS = 5_000
# A producer that gave up would leave behind what nobody knows of.
_FOR_EVER_MS = 10 * 86_400_000


def producer(broker: Broker) -> Any:
    """An idempotent producer that waits for all replicas in sync. Raises ``KafkaError``."""
    return broker.opened(
        KafkaProducer,
        acks="all",
        enable_idempotence=True,
        batch_size=_BATCH,
        linger_ms=2,
        delivery_timeout_ms=_FOR_EVER_MS,
        max_block_ms=_BLOCK_MS,
        max_request_size=LARGEST_RECORD,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
