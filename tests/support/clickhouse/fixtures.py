"""What tests ask for: a server for all of a process's tests, and stores with databases of their own.

``ANSWERBACK_TEST_CLICKHOUSE`` (``clickhouse://user:password@host:port``) names another server.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

import pytest

from projections.stores.clickhouse import ClickHouseColumns
from projections.stores.tables import create_tables
from tests.support.clickhouse.server import HOST, Server
from tests.support.columns import engine_folder

_VARIABLE = "ANSWERBACK_TEST_CLICKHOUSE"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[tuple[str, int]]:
    """Where a server listens."""
    if named := os.environ.get(_VARIABLE):
        url = urlsplit(named)
        yield url.hostname or HOST, url.port or 9000
        return
    server = Server(engine_folder())
    server.start()
    yield HOST, server.port
    server.stop()


@pytest.fixture(scope="session")
def connect_clickhouse(clickhouse: tuple[str, int]) -> Callable[[str], ClickHouseColumns]:
    """Makes a client of the server for a database."""
    host, port = clickhouse
    url = urlsplit(os.environ.get(_VARIABLE, ""))
    user, password = unquote(url.username or "default"), unquote(url.password or "")
    return lambda database: ClickHouseColumns(host, port, database, user=user, password=password)


@pytest.fixture
def new_clickhouse_columns(
    connect_clickhouse: Callable[[str], ClickHouseColumns],
) -> Iterator[Callable[[], ClickHouseColumns]]:
    """Makes a column store with all tables, empty; it is gone after the test."""
    made: list[ClickHouseColumns] = []

    def make() -> ClickHouseColumns:
        # Servers outlive processes, and several may test on one at a time.
        columns = connect_clickhouse(f"wire_{os.getpid()}_{next(_numbers)}")
        made.append(columns)
        create_tables(columns)
        return columns

    yield make
    for columns in made:
        columns.run(f"DROP DATABASE IF EXISTS {columns.database} SYNC")
        columns.close()
