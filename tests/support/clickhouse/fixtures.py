"""What tests ask for: one server a process, and stores with databases of their own.

``ANSWERBACK_TEST_CLICKHOUSE`` (``clickhouse://user:password@host:port``) names another server.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest

from projections.stores.clickhouse import ClickHouseColumns, Server
from projections.stores.tables import create_tables
from tests.support.clickhouse.server import HOST, ClickHouse
from tests.support.columns import engine_folder

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[Server]:
    """Where a server is, and who may ask it."""
    if named := os.environ.get("ANSWERBACK_TEST_CLICKHOUSE"):
        yield _named(named)
        return
    server = ClickHouse(engine_folder())
    yield Server(HOST, server.port)
    server.close()


@pytest.fixture
def new_clickhouse_columns(clickhouse: Server) -> Iterator[Callable[[], ClickHouseColumns]]:
    """Makes a column store with all tables, empty; it is gone after the test."""
    made: list[ClickHouseColumns] = []

    def make() -> ClickHouseColumns:
        # A server outlives processes, and several may test on one at a time.
        name = f"wire_{os.getpid()}_{next(_numbers)}"
        columns = ClickHouseColumns(replace(clickhouse, database=name))
        made.append(columns)
        create_tables(columns)
        return columns

    yield make
    for columns in made:
        columns.run(f"DROP DATABASE IF EXISTS {columns.database} SYNC")
        columns.close()


def _named(text: str) -> Server:
    url = urlsplit(text)
    return Server(
        url.hostname or HOST, url.port or 9000,
        unquote(url.username or "default"), unquote(url.password or ""),
    )  # fmt: skip
