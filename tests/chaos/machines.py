"""The installation on one machine, with stores of its own that can be killed and come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.distributed import Installation
from tests.support.kafka.cluster import Cluster, running
from tests.support.kafka.jars import jars
from tests.support.postgres import Postgres, running_postgres
from tests.support.stores import running_clickhouse

DOORS = ("collector", "api", "relay")
WORKERS = ("worker-1", "worker-2")
_PATIENCE_SECONDS = 90.0


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

    def wait(self) -> None:
        """Wait until all answer, and start again meanwhile what ends by itself.

        A process ends where a store is away at its start, and one that began to start while a store
        was away may end long after the store is back.
        """
        ends = time.monotonic() + _PATIENCE_SECONDS
        processes = self.installation.processes.values()
        while silent := [p for p in processes if p.running is not None and not p.lives()]:
            assert time.monotonic() < ends, [p.told() for p in silent]
            self.supervise()
            time.sleep(0.1)

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
    with (
        running(folder / "kafka", jars()) as cluster,
        running_clickhouse(folder / "columns") as columns,
        running_postgres(folder / "postgres") as postgres,
    ):
        note("Stores are up.")
        made = Installation(
            folder, cluster.bootstrap, postgres.url, columns, STALL_SECONDS="300",
            REQUESTS_PER_MINUTE="0", EVENTS_PER_MINUTE="0",
        )  # fmt: skip
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
