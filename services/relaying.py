"""The relay as a process: one of several empties the outbox, and the others stand by."""

from __future__ import annotations

import threading
from collections.abc import Callable

import sqlalchemy as sa

from events.sql.outbox import Relay
from projections.following import Following
from projections.turnstile import Turnstile

_LEADER = 0x52656C61  # "Rela": who holds this lock of the store sends
_STAND_BY_SECONDS = 1.0


class Relaying:
    """Sends what waits, in a thread, while it holds the lock; ``failure`` says what ended it."""

    def __init__(self, relay: Relay, store: sa.Engine) -> None:
        self._relay = relay
        self._store = store
        self._leading: sa.Connection | None = None
        self._stopping = threading.Event()
        self._following = Following("relay", self._turn, Turnstile(), self._fail)
        self._on_failure: Callable[[], None] = lambda: None
        self.failure: BaseException | None = None

    @property
    def is_leading(self) -> bool:
        """Whether this one sends."""
        return self._leading is not None

    def start(self, on_failure: Callable[[], None]) -> None:
        """Begin; ``on_failure`` is called once if it has to end."""
        self._on_failure = on_failure
        self._following.start(self._stopping)

    def stop(self) -> None:
        """Finish what is under way; another one takes over."""
        self._stopping.set()
        self._following.join()
        if self._leading is not None:
            self._leading.close()

    def _turn(self) -> bool:
        if self._leading is None and not self._lead():
            self._stopping.wait(_STAND_BY_SECONDS)
            return False
        self._check()
        return self._relay.send() > 0

    def _lead(self) -> bool:
        connection = self._store.connect().execution_options(isolation_level="AUTOCOMMIT")
        lock = sa.select(sa.func.pg_try_advisory_lock(_LEADER))
        if connection.execute(lock).scalar_one():
            self._leading = connection
            return True
        connection.close()
        return False

    def _check(self) -> None:
        """The lock is the connection's: without it another may be sending by now."""
        if self._leading is None:
            return
        try:
            self._leading.execute(sa.select(1))
        except Exception:
            self._leading.invalidate()
            self._leading.close()
            self._leading = None
            raise

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self._on_failure()
