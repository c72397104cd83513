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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.settings import PREFIX
from tests.support.distributed import MASTER
from tests.support.kafka.cluster import running
from tests.support.kafka.jars import jars
from tests.support.postgres import running_postgres
from tests.support.served import free_port


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
