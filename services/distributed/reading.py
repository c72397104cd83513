"""What processes of the distributed mode read: the log with all of its past, and the columns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache

import sqlalchemy as sa

from events.kafka.pages import Pages
from events.kafka.reading_log import ReadLog
from events.log import EventLog
from projections.stores.columns import Columns
from projections.whole_log import WholeLog
from services.distributed.connecting import broker_of, columns_of, layout_of
from services.settings import Settings


class Reading:
    """Logs whose past is longer than Kafka's retention, and the columns it is kept in.

    Raises ``LogUnavailable``.
    """

    def __init__(self, settings: Settings, store: sa.Engine, closing: ExitStack) -> None:
        self._store = store
        self._pages = Pages(broker_of(settings), layout_of(settings))
        closing.callback(self._pages.close)
        self.columns: Callable[[], Columns] = cache(lambda: _columns(settings, closing))
        """The columns, opened when they are first asked for."""

    @property
    def log(self) -> EventLog:
        """All of the log; only to be read."""
        return self.over(ReadLog(self._pages))

    def over(self, feed: EventLog) -> EventLog:
        """The same past, behind what somebody brings."""
        return WholeLog(feed, self._pages.starts, self._store, self.columns)


def _columns(settings: Settings, closing: ExitStack) -> Columns:
    columns = columns_of(settings)
    closing.callback(columns.close)
    return columns
