"""A data folder of a bench's own, and the server on it, started as its users start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from events.vault import Vault
from schemas.catalogue import Topic
from schemas.clock import Clock, RandomBytes
from schemas.errors import MeasurementSpoiled
from services.access import Access, Scope, Workspace
from services.bench.alone import open_log, open_vault
from services.bench.machine import python_words
from services.bench.processes import pinned
from services.bootstrap import open_access
from services.settings import PREFIX, Settings

WORKSPACE = "bench"
_START_SECONDS = 120.0
_STOP_SECONDS = 120.0


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Installation:
    """An installation in a folder, with a workspace and a key that may do everything."""

    def __init__(self, folder: Path, clock: Clock, random: RandomBytes) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._random = random
        self.master_key = random(32)
        self._told = folder / "server.log"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        with self._access() as access:
            self.workspace: Workspace = access.create_workspace(WORKSPACE, "UTC", "EUR")
            self.key = access.create_key(WORKSPACE, "bench", frozenset((Scope.ADMIN,))).secret

    @contextmanager
    def serving(self, cores: frozenset[int], command: str = "serve") -> Iterator[int]:
        """The server on some cores, and its process id; ended in good order."""
        words = python_words("services.cli", command)
        with started(words, self.port, cores, self._told, self._environment()) as process:
            yield process

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command on the installation; ended with what is inside, if not before."""
        with self._told.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the words are ours
                python_words("services.cli", *words),
                env=self._environment(), stdout=log, stderr=log,
            )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def told(self) -> str:
        """What the installation's commands have written."""
        return self._told.read_text(errors="replace")

    @contextmanager
    def vault(self) -> Iterator[Vault]:
        """The vault, while no server runs."""
        vault = open_vault(self.data, self.master_key, self._random)
        try:
            yield vault
        finally:
            vault.close()

    def stored_facts(self) -> int:
        """How many facts the log holds, while no server runs."""
        log = open_log(self.data, self._clock)
        try:
            return sum(n for (topic, _), n in log.heads().items() if topic is Topic.FACTS)
        finally:
            log.close()

    def _access(self) -> AbstractContextManager[Access]:
        return open_access(Settings(data=self.data), clock=self._clock, random=self._random)

    def _environment(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        own = {
            "DATA": str(self.data),
            "PORT": str(self.port),
            "MASTER_KEY": self.master_key.hex(),
        }
        return kept | {PREFIX + name: text for name, text in own.items()}


@contextmanager
def started(
    words: list[str], port: int, cores: frozenset[int], told: Path,
    environment: dict[str, str] | None = None,
) -> Iterator[int]:  # fmt: skip
    """A process that serves on a port, from when it listens; ended in good order.

    Raises ``MeasurementSpoiled`` with its last words if it ends by itself.
    """
    with told.open("ab") as log, pinned(cores):
        process = subprocess.Popen(  # noqa: S603 - the words are ours
            words, env=environment, stdout=log, stderr=log
        )
    try:
        _wait_for(process, port, told)
        yield process.pid
        if process.poll() is not None:
            raise _ended(process, told)
        process.send_signal(signal.SIGTERM)
        process.wait(_STOP_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, told: Path) -> None:
    ends = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > ends:
                raise _ended(process, told) from None
        time.sleep(0.05)


def _ended(process: subprocess.Popen[bytes], told: Path) -> MeasurementSpoiled:
    words = " ".join(told.read_text(errors="replace").split())[-1000:]
    return MeasurementSpoiled(f"The server of the bench does not run ({process.poll()}): {words}")
