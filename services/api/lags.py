"""How far each projection is behind the log, measured against the log's head itself."""

from __future__ import annotations

from dataclasses import dataclass

from events.cursor import TOPICS, Cursor
from services.metrics import LAG_RECORDS, LAG_SECONDS
from services.parts import Parts


@dataclass(frozen=True, slots=True)
class Lag:
    """A projection's lag: records not applied, and the age of the oldest of them."""

    projection: str
    records: int
    seconds: float


def measure(parts: Parts) -> list[Lag]:
    """The lag of every projection; the metrics are set to it."""
    return [_measure(parts, name, cursor) for name, cursor in parts.reads.cursors().items()]


def _measure(parts: Parts, projection: str, cursor: Cursor) -> Lag:
    heads = parts.log.heads()
    total, oldest = 0, int(parts.clock())
    for topic in TOPICS:
        for partition in range(parts.log.partitions):
            at = cursor[topic, partition]
            behind = max(0, heads[topic, partition] - at)
            LAG_RECORDS.labels(projection, topic.value, str(partition)).set(behind)
            total += behind
            for record in parts.log.read(topic, partition, at, min(behind, 1)).records:
                oldest = min(oldest, record.recorded_at)
    seconds = max(0, parts.clock() - oldest) / 1000
    LAG_SECONDS.labels(projection).set(seconds)
    return Lag(projection, total, seconds)
