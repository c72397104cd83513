"""A server of its own process: ``python -m tests.support.clickhouse --folder DIR --port N``."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.support.clickhouse.server import HOST, ClickHouse


def main() -> None:
    """Listen until told to end."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.clickhouse")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    server = ClickHouse(asked.folder, asked.port)
    sys.stdout.write(f"listening on {HOST}:{server.port}\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.close()


if __name__ == "__main__":
    main()
