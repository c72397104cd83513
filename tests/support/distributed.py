"""The processes of the distributed mode on one machine, to be used over HTTP and to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.settings import PREFIX
from tests.support.served import free_port

_START_SECONDS = 90.0
MASTER = "42" * 32


@dataclass
class Process:
    """One process of ours, in a data folder of its own."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def started_in(self) -> Path:
        """The folder that it is started in, and has no business to write in."""
        return self.folder / "started-in"

    def launch(self) -> None:
        """Start it and return at once."""
        self.started_in.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as log:
            self.running = subprocess.Popen(  # noqa: S603 - this repository's own command
                [sys.executable, "-m", "services.cli", *self.arguments],
                env=self._environment(), cwd=self.started_in, stdout=log, stderr=log,
            )  # fmt: skip

    def wait(self) -> None:
        """Wait until it answers."""
        ends = time.monotonic() + _START_SECONDS
        while not self.lives():
            assert self.running is not None
            assert self.running.poll() is None, self.told()
            assert time.monotonic() < ends, self.told()
            time.sleep(0.1)

    def lives(self) -> bool:
        """Whether it answers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/livez", timeout=5).status_code == 200
        return False

    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.running is not None and self.running.poll() is not None

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end; answers its exit code."""
        return self._end(signal.SIGTERM)

    def told(self) -> str:
        """What it has written."""
        return self._output.read_text() if self._output.exists() else ""

    def _end(self, number: int) -> int:
        if self.running is None:
            return 0
        self.running.send_signal(number)
        try:
            return self.running.wait(60)
        finally:
            self.running = None

    def _environment(self) -> dict[str, str]:
        ours = {**self.settings, "PORT": str(self.port), "DATA": str(self.folder / "data")}
        clean = {n: v for n, v in os.environ.items() if not n.startswith(PREFIX)}
        return {**clean, **{f"{PREFIX}{name}": value for name, value in ours.items()}}

    @property
    def _output(self) -> Path:
        return self.folder / "output.log"


class Installation:
    """Everything that belongs together."""

    def __init__(
        self, folder: Path, kafka: str, postgres: str, clickhouse: str, **more: str
    ) -> None:
        self._folder = folder
        self.settings = {
            "MODE": "distributed",
            "KAFKA_SERVERS": kafka,
            "KAFKA_REPLICAS": "1",
            "KAFKA_PARTITIONS": "4",
            "POSTGRES_URL": postgres,
            "CLICKHOUSE_URL": clickhouse,
            "MASTER_KEY": MASTER,
            "SETTLE_SECONDS": "1",
            **more,
        }
        self.processes: dict[str, Process] = {}

    def run(self, *arguments: str) -> str:
        """Run one command to its end; answers what it printed."""
        process = Process("command", arguments, self._folder / "command", self.settings)
        process.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603 - this repository's own command
            [sys.executable, "-m", "services.cli", *arguments],
            env=process._environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def add(self, name: str, *arguments: str) -> Process:
        """Have one more process, started and not waited for."""
        process = Process(name, arguments or (name,), self._folder / name, self.settings)
        self.processes[name] = process
        process.launch()
        return process

    def wait(self) -> None:
        """Wait until all of them answer."""
        for process in self.processes.values():
            if process.running is not None:
                process.wait()

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.kill()
