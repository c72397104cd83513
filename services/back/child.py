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
from projections.replay.replays import Replays
from schemas.errors import OutOfRoom, ProjectionStopped, StoreUnavailable
from services.back.link import Handler, Link
from services.back.stub import stub

_START_SECONDS = 300.0
_STOP_SECONDS = 60.0
_ANSWER_SECONDS = 120.0
_THREADS = 4
_MOST_STARTS, _STARTS_SPAN = 5, 60.0
_RETRY_SECONDS = 1.0
_WARN_EVERY = 60

log = logging.getLogger(__name__)


class BackProcess:
    """The back as the front has it. Its ports ask it, whichever one runs."""

    def __init__(self, handlers: Mapping[str, Handler], lock: int) -> None:
        told = {"failed": self._note_failure, "full": self._note_full}
        self._handlers: dict[str, Handler] = {**handlers, **told}
        self._lock = lock
        self._link: Link | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self._starts = [time.monotonic()]
        self._stopping = threading.Event()
        self._following = False
        self._failure = self._full = ""
        self._on_failure: Callable[[], None] = lambda: None
        self._watcher: threading.Thread | None = None
        self.reads = stub(Reads, self._present, _ANSWER_SECONDS)
        self.maintenance = stub(Maintenance, self._present)
        self.replays = stub(Replays, self._present)

    def start(self) -> None:
        """Start the process and wait until its stores are open.

        Raises ``ProjectionStopped``, and ``OutOfRoom``.
        """
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
        self._stopping.set()
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
        # Each process has an event of its own: the end of one before may be noticed late, and its
        # own word may come late, and neither says that this one is ready.
        ready = self._ready = threading.Event()
        self._full = ""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", "services.back.process", str(theirs.fileno())],
                # The lock goes along: the folder is in use until both processes have ended.
                pass_fds=(theirs.fileno(), self._lock),
            )
        self._link = Link(ours, {**self._handlers, "ready": ready.set}, _THREADS)
        self._link.start(on_end=ready.set)
        started = ready.wait(_START_SECONDS)
        if not started or self._failure or self._full or self._process.poll() is not None:
            self._process.kill()
            self._process.wait()
            if self._full:
                raise OutOfRoom(f"The projections cannot start: {self._full}")
            why = self._failure or "it did not open its stores."
            raise ProjectionStopped(f"The projections cannot start: {why}")

    def _watch(self) -> None:
        try:
            while not self._stopping.is_set():
                self._await_end_and_restart()
        except Exception as error:  # a front without a back would answer 503 for ever
            if not isinstance(error, ProjectionStopped):
                log.exception("The back cannot be watched any longer.")
            self._failure = self._failure or str(error)
            self._on_failure()

    def _await_end_and_restart(self) -> None:
        """Raises ``ProjectionStopped`` when starting it again would not help."""
        if self._process is None:
            raise ProjectionStopped("The back was never started.")
        code = self._process.wait()
        if self._stopping.is_set():
            return
        log.error("The back has ended with %s.", _said(code))
        now = time.monotonic()
        self._starts = [start for start in self._starts if start > now - _STARTS_SPAN]
        if self._failure or len(self._starts) >= _MOST_STARTS:
            raise ProjectionStopped(self._failure or f"The process ended with {_said(code)}.")
        self._starts.append(now)
        try:
            self._spawn_in_room()
        except (ProjectionStopped, StoreUnavailable) as error:
            # It has ended again, which is seen, counted and told in the next turn.
            log.warning("The back has not come up: %s", error)

    def _spawn_in_room(self) -> None:
        """Start the process again, as soon as an operator has made room for it."""
        tries = 0
        while not self._stopping.is_set():
            try:
                self._spawn()
            except OutOfRoom as error:
                if tries % _WARN_EVERY == 0:
                    log.warning("The back waits for room: %s", error)
                tries += 1
                self._stopping.wait(_RETRY_SECONDS)
                continue
            if self._following:
                self.maintenance.follow()
            return

    def _note_failure(self, why: str) -> None:
        self._failure = why
        self._ready.set()
        self._on_failure()

    def _note_full(self, why: str) -> None:
        self._full = why
        self._ready.set()


def _said(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def end_this_process() -> None:
    """Ask the server to end as a user would."""
    os.kill(os.getpid(), signal.SIGTERM)
