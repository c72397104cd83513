"""A real server in a process of its own, to be asked over TCP and to be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx

_START_SECONDS = 60.0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Served:
    """An installation in a folder: commands run on it, and a server that can be killed."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self._folder / "data"

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, with more settings if any are given."""
        return subprocess.run(  # noqa: S603 - the command is this repository's own
            [sys.executable, "-m", "services.cli", *arguments],
            env=self.environment() | settings,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "serve"],
                env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip
        ends = time.monotonic() + _START_SECONDS
        while not self._ready():
            assert self._process.poll() is None, self.told()
            assert time.monotonic() < ends, self.told()
            time.sleep(0.05)

    def kill(self, *, with_back: bool = False) -> None:
        """End the server as a power cut would; the back alone follows by itself."""
        if with_back:
            self.kill_back()
        self._end(signal.SIGKILL)

    def kill_back(self) -> None:
        """End the server's other process, if it has one at this moment."""
        if self._process is None:
            return
        with suppress(ValueError, ProcessLookupError):
            os.kill(self.back(), signal.SIGKILL)

    def has_back(self) -> bool:
        """Whether the other process runs at this moment."""
        return self.found_back() is not None

    def stop(self) -> int:
        """End the server in good order; answers its exit code."""
        return self._end(signal.SIGTERM)

    def back(self) -> int:
        """The number of the server's other process, which must be there."""
        found = self.found_back()
        assert found is not None
        return found

    def found_back(self) -> int | None:
        """Its number, if it runs at this moment."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        found = [int(name) for path in children for name in path.read_text().split()]
        return found[0] if len(found) == 1 else None

    def told(self) -> str:
        """What the server wrote."""
        return (self._folder / "server.log").read_text(errors="replace")

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        return process.wait(timeout=60)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/livez", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def environment(self) -> dict[str, str]:
        """The environment of this installation's commands."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ANSWERBACK_")}
        own = {"ANSWERBACK_DATA": str(self.data), "ANSWERBACK_PORT": str(self.port)}
        return kept | own | self._settings


def make_key(served: Served, workspace: str, scopes: Sequence[str] = ("admin",)) -> str:
    """A workspace with a key, made by the command line."""
    made = served.run("workspace", "create", workspace)
    assert made.returncode == 0, made.stderr
    options = [word for scope in scopes for word in ("--scope", scope)]
    made = served.run("key", "create", workspace, "tester", *options)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()
