"""Carrying a log over: from a data folder to Kafka, and to topics with more partitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from events.copying import Source, Target
from events.kafka.filling import KafkaTarget
from events.kafka.pages import Pages
from events.kafka.topics import Layout, check
from schemas.clock import Clock
from services.bootstrap import open_log
from services.distributed.connecting import broker_of, layout_of
from services.settings import Settings


@contextmanager
def from_folder(settings: Settings, *, clock: Clock) -> Iterator[tuple[Source, Target]]:
    """The log in the data folder, which nobody may use meanwhile, and topics for it on Kafka."""
    with (
        open_log(settings, clock=clock) as log,
        _filling(settings, layout_of(settings)) as target,
    ):
        yield log, target


@contextmanager
def to_more_partitions(settings: Settings, partitions: int) -> Iterator[tuple[Source, Target]]:
    """The topics in use, and those of the next generation, with another number of partitions."""
    broker, layout = broker_of(settings), layout_of(settings)
    check(broker, layout)
    wider = replace(layout, partitions=partitions, generation=layout.generation + 1)
    with _filling(settings, wider) as target:
        source = Pages(broker, layout)
        try:
            yield source, target
        finally:
            source.close()


@contextmanager
def _filling(settings: Settings, layout: Layout) -> Iterator[KafkaTarget]:
    target = KafkaTarget(broker_of(settings), layout)
    try:
        yield target
    finally:
        target.close()
