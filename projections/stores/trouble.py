"""A driver's errors said as ours: what passes by itself is told apart from what is a fault."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from schemas.errors import OutOfRoom, StoreUnavailable, UnavailableError

# SQLite's primary codes: busy, locked, out of memory, input or output, full, cannot open.
_FULL = 13
_PASSING = frozenset((5, 6, 7, 10, _FULL, 14))
# PostgreSQL's classes: connections, deadlocks and the like, resources, a server that ends, locks.
_PASSING_STATES = ("08", "40", "53", "57P", "55P03", "57014")
_NO_SPACE = ("No space left on device", "NOT_ENOUGH_SPACE", "disk is full")


class Pool(sa.QueuePool):
    """Connections whose number is bounded; that all are in use passes by itself."""

    def connect(self) -> Any:
        """A connection. Raises ``StoreUnavailable`` when none is given back in time."""
        try:
            return super().connect()
        except sa.exc.TimeoutError as error:
            raise StoreUnavailable(f"A store cannot be used: {error}") from error


def tell_trouble(engine: sa.Engine) -> None:
    """Have an engine raise ``OutOfRoom`` or ``StoreUnavailable`` for what passes by itself."""
    sa.event.listen(engine, "handle_error", _translate)


def trouble(text: str) -> UnavailableError:
    """The error that a store's own words tell of."""
    kind = OutOfRoom if any(words in text for words in _NO_SPACE) else StoreUnavailable
    return kind(text)


def _translate(context: Any) -> UnavailableError | None:
    error = context.original_exception
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        passing = code & 0xFF in _PASSING
    else:
        passing = context.is_disconnect or _passes(getattr(error, "sqlstate", ...))
    return trouble(f"A store cannot be used: {error}.") if passing else None


def _passes(state: Any) -> bool:
    """Whether PostgreSQL says that this passes; it has no state for what it never answered."""
    return state is None or (isinstance(state, str) and state.startswith(_PASSING_STATES))
