"""Records for tests of the log, made in a line."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import orjson

from events.keys import partition_of
from events.log import EventLog, Record, StoredRecord
from schemas.catalogue import Topic
from schemas.ids import named_id

BATCH = named_id("test", "batch")
OTHER_BATCH = named_id("test", "other batch")
HEAD = (
    b'{"workspace":"demo","producer":"test","time":"2026-10-14T08:00:00.000Z",'
    b'"received":"2026-10-14T08:00:00.000Z","external_id":"x","flags":["bot","proxy"]}'
)


def record(
    name: object,
    *,
    topic: Topic = Topic.FACTS,
    key: str = "demo:a",
    digest: bytes = b"d" * 16,
    fresh: bool = False,
    kind: str = "event.tracked.v1",
) -> Record:
    """A record whose id follows from its name."""
    return Record(
        topic=topic,
        key=key,
        event_id=identity(name),
        type=kind,
        head=HEAD,
        data=f'{{"name":"{name}"}}'.encode(),
        digest=digest,
        fresh=fresh,
    )


def batched(record: Record, batch: UUID = BATCH) -> Record:
    """The record of a fact as if it had come with a batch."""
    head = {**orjson.loads(record.head), "batch_id": str(batch)}
    return record._replace(head=orjson.dumps(head))


def identity(name: object) -> UUID:
    """The id of the record of that name."""
    return named_id("test", name)


def key_in(partition: int, partitions: int) -> str:
    """A key that lies in a partition."""
    return next(
        key for n in range(10_000) if partition_of(key := f"demo:{n}", partitions) == partition
    )


def stored(log: EventLog, topic: Topic = Topic.FACTS, page_size: int = 7) -> Iterator[StoredRecord]:
    """Everything in a topic, partition after partition, read in small pages."""
    for partition in range(log.partitions):
        start, head = 0, log.heads()[topic, partition]
        while start < head:
            page = log.read(topic, partition, start, page_size)
            yield from page.records
            start = page.end
