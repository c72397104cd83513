"""Readers of a topic, each in a process of its own: ours with the journal alone, and bare ones.

Each reads so many facts from the beginning, and tells how many a second and how much processor time
they took; the time until the first of them come is not counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal
from uuid import uuid4

import faust
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import BaseModel

from events.cursor import Cursor
from projections.columns.journaling import Journaling
from projections.page import read_page
from projections.runner import PAGE
from projections.stores.tables import create_tables
from schemas.catalogue import Topic
from services.bench.workers import answer_order
from services.distributed.connecting import broker_of, columns_of, layout_of
from services.settings import load_settings
from services.stream.delivery import Delivery
from services.stream.membership import Membership

_AT_ONCE = 5000
_WITHIN = 0.05
_PAUSE = 0.005
_SHORTEST = 0.01  # the kernel's tick: a shorter time cannot be told from none


class ReadOrder(BaseModel):
    """Who reads, and how many facts."""

    reader: Literal["journal", "agent", "aiokafka"]
    count: int


class Read(BaseModel):
    """What it took from the first facts that came to the last."""

    events: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def busy_rate(self) -> float:
        """Events a second of processor time."""
        return self.events / max(self.processor, _SHORTEST)


class _Stopwatch:
    """Counts from what comes first until there are enough; if all come at once, from the start."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first = self._seen = 0
        self._began, self._busy = perf_counter(), time.process_time()
        self.over = asyncio.Event()
        self.read = Read(events=0, seconds=0, processor=0)

    def count(self, events: int) -> None:
        """So many more have come."""
        self._seen += events
        if self._seen >= self._count:
            self.read = Read(
                events=self._seen - self._first,
                seconds=perf_counter() - self._began,
                processor=time.process_time() - self._busy,
            )
            self.over.set()
        elif not self._first:
            self._first = events
            self._began, self._busy = perf_counter(), time.process_time()


def read(order: ReadOrder) -> Read:
    """Carry out an order."""
    readers: dict[str, Callable[[_Stopwatch], Any]] = {
        "journal": _journal, "agent": _agent, "aiokafka": _aiokafka,
    }  # fmt: skip
    return asyncio.run(_read(order.count, readers[order.reader]))


async def _read(count: int, reader: Callable[[_Stopwatch], Any]) -> Read:
    watch = _Stopwatch(count)
    await reader(watch)
    return watch.read


async def _journal(watch: _Stopwatch) -> None:
    """A worker's own way from Kafka to the journal, without all that follows from it."""
    settings = load_settings()
    layout, store = layout_of(settings), columns_of(settings)
    columns = store.beside(f"{store.database}_journal")
    create_tables(columns)
    delivery, journaling = Delivery(layout.partitions), Journaling(columns.small())
    group = Membership(f"{uuid4().hex}", broker_of(settings), layout, delivery, lambda: None)
    await group.start()
    here = Cursor({})
    while not watch.over.is_set():
        page = read_page(delivery, here, PAGE)
        if page.start == page.end:
            await asyncio.sleep(_PAUSE)
            continue
        await asyncio.to_thread(journaling.write, page, uuid4().hex)
        here = page.end
        watch.count(sum(event.topic is Topic.FACTS for event in page.events))
    await group.stop()
    columns.close()
    store.drop_beside(f"{store.database}_journal")
    store.close()


async def _agent(watch: _Stopwatch) -> None:
    """An agent of Faust's that is given events and does nothing with them."""
    with TemporaryDirectory() as folder:  # Faust makes one for tables, though it has none
        await _idle_agent(watch, folder)


async def _idle_agent(watch: _Stopwatch, folder: str) -> None:
    settings = load_settings()
    app = faust.App(
        uuid4().hex, broker=f"kafka://{settings.kafka_servers}", autodiscover=False,
        topic_allow_declare=False, topic_disable_leader=True, web_enabled=False,
        consumer_auto_offset_reset="earliest", datadir=folder,
    )  # fmt: skip
    topic = app.topic(layout_of(settings).name(Topic.FACTS), value_serializer="raw")

    async def nothing(stream: Any) -> None:
        async for some in stream.take(_AT_ONCE, within=_WITHIN):
            watch.count(len(some))

    app.agent(topic)(nothing)
    await app.start()
    await watch.over.wait()
    await app.stop()


async def _aiokafka(watch: _Stopwatch) -> None:
    """The client below Faust, and the JSON of what it brings."""
    settings = load_settings()
    layout = layout_of(settings)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    name = layout.name(Topic.FACTS)
    consumer.assign([TopicPartition(name, number) for number in range(layout.partitions)])
    while not watch.over.is_set():
        found = await consumer.getmany(timeout_ms=200, max_records=_AT_ONCE)
        for records in found.values():
            for record in records:
                orjson.loads(record.value)
            watch.count(len(records))
    await consumer.stop()


if __name__ == "__main__":
    answer_order(ReadOrder, read)
