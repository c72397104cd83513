"""The topics as a log for processes that never append to them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from events.cursor import Cursor
from events.kafka.pages import Pages
from events.log import EVERYTHING, Appended, EventLog, Filter, Record, Slice
from schemas.catalogue import Topic
from schemas.errors import LogUnavailable


class ReadLog(EventLog):
    """The read side alone."""

    def __init__(self, pages: Pages) -> None:
        self.partitions = pages.partitions
        self._pages = pages

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        raise LogUnavailable("This process only reads the log; what it concludes is relayed.")

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        return self._pages.read(topic, partition, start, limit, only)

    def heads(self) -> Cursor:
        return self._pages.heads()

    def cursor_at(self, recorded_at: int) -> Cursor:
        return self._pages.cursor_at(recorded_at)

    def close(self) -> None:
        self._pages.close()
