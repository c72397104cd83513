"""Marks: where a list goes on, as one opaque string."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from schemas.errors import Fault, InvalidInput

_LONGEST = 500


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


def _decoded(text: str) -> Any:
    """What the text says; None if nothing that ``encode_mark`` could have written."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        return orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        return None
