"""One answer per idempotency key: the first request's, also while it is still being worked on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from events.gate import Gate, ReplyKey, StoredReply
from schemas.clock import Clock
from schemas.errors import KeyReused, StillRunning

Answer = tuple[int, bytes]


class Once:
    """Sees to it that a command under a key is carried out once."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate = gate
        self._clock = clock
        self._running: set[tuple[str, str, str]] = set()
        self._lock = Lock()

    def run(self, workspace: str, key: ReplyKey | None, work: Callable[[], Answer]) -> Answer:
        """The kept answer, or the work's. Raises ``KeyReused`` and ``StillRunning``."""
        if key is None:
            return work()
        name = (workspace, key.principal, key.key)
        with self._lock:
            if name in self._running:
                raise StillRunning("The first request under this Idempotency-Key still runs.")
            self._running.add(name)
        try:
            return self._kept(workspace, key) or self._first(workspace, key, work)
        finally:
            with self._lock:
                self._running.discard(name)

    def _first(self, workspace: str, key: ReplyKey, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except KeyReused:
            # Another process took the same key between our look and the gate's.
            kept = self._kept(workspace, key)
            if kept is None:
                raise
            return kept

    def _kept(self, workspace: str, key: ReplyKey) -> Answer | None:
        kept = self._gate.reply_of(workspace, key.principal, key.key, self._clock())
        return None if kept is None else _answer(kept, key)


def _answer(kept: StoredReply, key: ReplyKey) -> Answer:
    if kept.fingerprint != key.fingerprint:
        raise KeyReused("This Idempotency-Key was used for another request; send a new one.")
    return kept.status, kept.body
