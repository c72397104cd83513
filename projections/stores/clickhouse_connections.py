"""Connections to a ClickHouse server: a call takes one, or opens one, and gives it back.

The driver runs one query at a time on a connection. Threads come and go, so they own none: as many
stay open as were ever needed at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clickhouse_driver import Client

from projections.stores.clickhouse_values import written
from schemas.errors import StoreUnavailable

# A server that works on a query tells how far it is several times a second: silence is no work.
_SECONDS = {"connect_timeout": 10, "send_receive_timeout": 300, "sync_request_timeout": 5}


class ArrowClient(Client):  # type: ignore[misc]  # the driver has no types
    """A client whose inserts take the columns of an Arrow table."""

    def send_data(self, sample_block: Any, data: Any, **named: Any) -> Any:
        """Send what the server has asked for: its answer to the statement names the types."""
        kinds = [kind for _, kind in sample_block.columns_with_types]
        values = [written(column, kind) for column, kind in zip(data, kinds, strict=True)]
        return super().send_data(sample_block, values, **named)


class Connections:
    """The connections to one database."""

    def __init__(self, database: str, **reach: Any) -> None:
        # Nothing is done quietly without a setting that the server does not know.
        self._arguments = {
            **_SECONDS, **reach, "database": database, "settings_is_important": True,
        }  # fmt: skip
        self._lock = threading.Lock()
        self._idle: list[ArrowClient] = []
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[ArrowClient]:
        """A connection that nobody else has meanwhile. One that failed opens itself again."""
        client = self._take()
        try:
            yield client
        finally:
            self._give_back(client)

    def close(self) -> None:
        """Close them all, those in use when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.disconnect()

    def _take(self) -> ArrowClient:
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The connections to ClickHouse have been closed.")
            return self._idle.pop() if self._idle else ArrowClient(**self._arguments)

    def _give_back(self, client: ArrowClient) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.disconnect()
