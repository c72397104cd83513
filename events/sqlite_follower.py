"""The embedded log as another process sees it: read from the file, appended to by its owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from events.cursor import Cursor
from events.log import EVERYTHING, Appended, EventLog, Filter, Record, Slice
from events.sqlite_file import LogFile, places
from schemas.catalogue import Topic

Append = Callable[[Sequence[Record]], Future[Appended]]


class FollowedLog(EventLog):
    """Reads what the owner has committed; ``append`` hands records to the owner."""

    def __init__(self, path: Path, append: Append) -> None:
        self._file = LogFile(path)
        self._append = append
        self.partitions = self._file.partitions()

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        return self._append(records)

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        end = min(start + limit, self._file.head(topic, partition))
        return self._file.read(topic, partition, start, end, only)

    def heads(self) -> Cursor:
        return self._file.heads(self.partitions)

    def cursor_at(self, recorded_at: int) -> Cursor:
        heads = self.heads()
        first_after = self._file.first_after
        return Cursor({p: first_after(p, recorded_at, heads[p]) for p in places(self.partitions)})

    def close(self) -> None:
        self._file.close()
