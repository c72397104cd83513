"""The topics as readers of the log ask for them: pages, ends, and where a time lies."""

from __future__ import annotations

from events.cursor import TOPICS, Cursor, Place
from events.kafka.broker import Broker
from events.kafka.reading import Reader
from events.kafka.topics import Layout
from events.log import EVERYTHING, Filter, Slice, StoredRecord
from schemas.catalogue import Topic


class Pages:
    """Reads the topics of a layout; for any number of threads. See ``EventLog`` for what is read.

    All raise ``LogUnavailable`` when no broker answers.
    """

    def __init__(self, broker: Broker, layout: Layout) -> None:
        self.partitions = layout.partitions
        self._places: list[Place] = [(t, p) for t in TOPICS for p in range(layout.partitions)]
        self._reader = Reader(broker, layout)

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        """Up to ``limit`` places from ``start`` on. Raises ``RangeRemoved``."""
        place = (topic, partition)
        end = min(start + limit, self._reader.ends([place])[place])
        if end <= start:
            return Slice(topic, partition, start, start, ())
        found = self._reader.read(place, start, end)
        return Slice(topic, partition, start, end, tuple(r for r in found if only.takes(r)))

    def range(self, place: Place, start: int, end: int) -> list[StoredRecord]:
        """The records of [start, end), all of which must be there. Raises ``RangeRemoved``."""
        return self._reader.read(place, start, end)

    def heads(self) -> Cursor:
        """The next offset of every partition."""
        return Cursor(self._reader.ends(self._places))

    def start(self, place: Place) -> int:
        """The first offset of a partition that retention has left."""
        return self.starts([place])[place]

    def starts(self, places: list[Place]) -> dict[Place, int]:
        """The first offset of each partition that retention has left."""
        return self._reader.starts(places)

    def cursor_at(self, recorded_at: int) -> Cursor:
        """The cursor behind all records with at most this recorded time."""
        heads = self.heads()
        found = self._reader.first_after(self._places, recorded_at)
        return Cursor({place: heads[place] if at is None else at for place, at in found.items()})

    def close(self) -> None:
        """Release connections."""
        self._reader.close()
