"""Marks: where a list goes on, as one opaque string."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from schemas.errors import Fault, InvalidInput
from schemas.views import Past

_LONGEST = 4096  # a cursor of 64 partitions may be part of it

NOW = Past()


def encode_mark(*values: int | str) -> str:
    """A mark behind the row with these values of the list's order."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def read_mark(text: str, *kinds: type) -> list[Any]:
    """The values of a mark. Raises ``InvalidInput`` for what no list gave out."""
    values = _decoded(text)
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        fault = Fault("", "Send a cursor exactly as an earlier reply gave it.")
        raise InvalidInput("The cursor cannot be read.", (fault,))
    return values


def write_place(past: Past, known_at: str, *values: int | str) -> str:
    """A mark that also says which past the list is of; ``known_at`` is the cursor it stands at."""
    if past == NOW:
        return encode_mark(*values)
    return encode_mark(*values, _text(past.as_of), known_at)


def read_place(past: Past, mark: str | None, *kinds: type) -> tuple[Past, list[Any] | None]:
    """The past that a list goes on in, and the values behind which it does.

    A list goes on at the cursor where it began, even if that was asked for as a time, or as now.
    Raises ``InvalidInput`` for a mark of another list.
    """
    if mark is None:
        return past, None
    if past == NOW:
        return past, read_mark(mark, *kinds)
    *values, as_of, known_at = read_mark(mark, *kinds, str, str)
    if as_of != _text(past.as_of):
        raise InvalidInput(
            "The cursor is of another past.", (Fault("", "Send the same as_of with it."),)
        )
    return past.model_copy(update={"known_at": known_at}), values


def _text(as_of: int | None) -> str:
    return "" if as_of is None else str(as_of)


def _decoded(text: str) -> Any:
    """What the text says; None if nothing that ``encode_mark`` could have written."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        return orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        return None
