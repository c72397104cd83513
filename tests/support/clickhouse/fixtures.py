"""Fixtures: a plugin of pytest, so that one server serves all test modules of a process."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from projections.stores.clickhouse import ClickHouseColumns, Server
from projections.stores.tables import create_tables
from tests.support.clickhouse.server import ClickHouse
from tests.support.columns import engine_folder

_REAL = "ANSWERBACK_TEST_CLICKHOUSE"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[Server]:
    """How to reach a server: the one that ``ANSWERBACK_TEST_CLICKHOUSE`` names, or one of ours."""
    if _REAL in os.environ:
        url = urlsplit(os.environ[_REAL])
        yield Server(url.hostname or "", url.port or 9000, url.username or "default",
                     url.password or "")  # fmt: skip
        return
    server = ClickHouse(engine_folder())
    yield Server("127.0.0.1", server.port)
    server.close()


@pytest.fixture
def new_clickhouse_columns(clickhouse: Server) -> Iterator[Callable[[], ClickHouseColumns]]:
    """Makes stores with all tables, empty."""
    made: list[ClickHouseColumns] = []

    def make() -> ClickHouseColumns:
        name = f"wire_{os.getpid()}_{next(_numbers)}"
        made.append(ClickHouseColumns(replace(clickhouse, database=name)))
        create_tables(made[-1])
        return made[-1]

    yield make
    for columns in made:
        columns.run(f"DROP DATABASE {columns.database}")
        columns.close()
