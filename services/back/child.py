"""The front's side of the back: starts it, watches it, and starts it again when it was killed."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping

from projections.maintenance import Maintenance
from projections.reading.reads import Reads
from schemas.errors import ProjectionStopped, StoreUnavailable
from services.back.link import Handler, Link
from services.back.stub import stub

_START_SECONDS = 300.0
_STOP_SECONDS = 60.0
_ANSWER_SECONDS = 120.0
_THREADS = 4
_MOST_STARTS, _STARTS_SPAN = 5, 60.0

log = logging.getLogger(__name__)


class BackProcess:
    """The back as the front has it. ``reads`` and ``maintenance`` ask it, whichever one runs."""

    def __init__(self, handlers: Mapping[str, Handler], lock: int) -> None:
        self._handlers: dict[str, Handler] = {
            **handlers, "failed": self._note_failure, "ready": self._note_ready,
        }  # fmt: skip
        self._lock = lock
        self._link: Link | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self._stopping = False
        self._following = False
        self._failure = ""
        self._on_failure: Callable[[], None] = lambda: None
        self._watcher: threading.Thread | None = None
        self.reads = stub(Reads, self._present, _ANSWER_SECONDS)
        self.maintenance = stub(Maintenance, self._present)

    def start(self) -> None:
        """Start the process and wait until its stores are open. Raises ``ProjectionStopped``."""
        self._spawn()
        self._watcher = threading.Thread(target=self._watch, name="back-watcher", daemon=True)
        self._watcher.start()

    def follow(self, on_failure: Callable[[], None]) -> None:
        """Follow the log from now on; ``on_failure`` is called if that has to end."""
        self._on_failure = on_failure
        self._following = True
        self.maintenance.follow()

    def raise_failure(self) -> None:
        """Raise what stopped the projections, if anything did: the process must not end well."""
        if self._failure:
            raise ProjectionStopped(f"The projections have stopped: {self._failure}")

    def stop(self) -> None:
        """Let the process finish the pages under way, and end."""
        self._stopping = True
        process, link = self._process, self._link
        if process is None or link is None:
            return
        link.submit("stop")
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("The back did not end in %g s and is killed.", _STOP_SECONDS)
            process.kill()
            process.wait()
        link.close()
        if self._watcher is not None:
            self._watcher.join()

    # Inside

    def _present(self) -> Link:
        if self._link is None or not self._ready.is_set():
            raise StoreUnavailable("The read models are starting. Ask again in a moment.")
        return self._link

    def _spawn(self) -> None:
        self._ready.clear()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", "services.back.process", str(theirs.fileno())],
                # The lock goes along: the folder is in use until both processes have ended.
                pass_fds=(theirs.fileno(), self._lock),
            )
        self._link = Link(ours, self._handlers, _THREADS)
        self._link.start(on_end=self._ready.set)
        started = self._ready.wait(_START_SECONDS)
        if not started or self._failure or self._process.poll() is not None:
            self._process.kill()
            self._process.wait()
            why = self._failure or "it did not open its stores."
            raise ProjectionStopped(f"The projections cannot start: {why}")

    def _watch(self) -> None:
        starts = [time.monotonic()]
        while self._process is not None:
            code = self._process.wait()
            if self._stopping:
                return
            log.error("The back has ended with %s.", _said(code))
            starts = [s for s in starts if s > time.monotonic() - _STARTS_SPAN]
            if self._failure or len(starts) >= _MOST_STARTS or not self._restart():
                self._failure = self._failure or f"the process ended with {_said(code)}."
                self._on_failure()
                return
            starts.append(time.monotonic())

    def _restart(self) -> bool:
        try:
            self._spawn()
            if self._following:
                self.maintenance.follow()
        except (ProjectionStopped, StoreUnavailable) as error:
            log.warning("The back cannot be started again: %s", error)
            return False
        return True

    def _note_ready(self) -> None:
        self._ready.set()

    def _note_failure(self, why: str) -> None:
        self._failure = why
        self._ready.set()
        self._on_failure()


def _said(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def end_this_process() -> None:
    """Ask the server to end as a user would."""
    os.kill(os.getpid(), signal.SIGTERM)
