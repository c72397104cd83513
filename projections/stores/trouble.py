"""A driver's errors said as ours: what passes by itself is told apart from what is a fault."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from schemas.errors import OutOfRoom, StoreUnavailable, UnavailableError

# SQLite's primary codes: busy, locked, out of memory, input or output, full, cannot open.
_FULL = 13
_PASSING = frozenset((5, 6, 7, 10, _FULL, 14))
_NO_SPACE = ("No space left on device", "NOT_ENOUGH_SPACE", "disk is full")


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
    passing = code & 0xFF in _PASSING if code is not None else context.is_disconnect
    return trouble(f"A store cannot be used: {error}.") if passing else None
