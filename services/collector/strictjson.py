"""JSON without the freedoms that lose data.

Refused are repeated names, numbers that are not finite or longer than 40 characters, integers
beyond 64 bits, text that is not UTF-8, and nesting deeper than 64. ``orjson`` reads everything; a
walk over its result and two searches in the bytes prove that it lost nothing. Only where they
cannot prove it, the standard library reads again and finds out what is wrong, and where.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.errors import InvalidInput, MalformedRequest

DEEPEST = 64
_LONGEST_NUMBER = 40
_SPACE = " \t\r\n"
_NAME_THEN_SPACE = re.compile(rb'"[ \t\r\n]+:')
_LONG_NUMBER = re.compile(rb"[-+0-9.eE]{%d}" % (_LONGEST_NUMBER + 1))
_LARGEST = 2**64
_SMALLEST = -(2**63)


@dataclass(frozen=True, slots=True)
class Refused:
    """An item of a list that is JSON, and not the kind that is taken."""

    detail: str


def parse(body: bytes) -> Any:
    """The value of a body. Raises ``MalformedRequest`` for no JSON, ``InvalidInput`` for bad."""
    value = _trusted(body)
    if value is not _DOUBTFUL:
        return value
    value = _Careful(_text(body)).one()
    if isinstance(value, Refused):
        raise InvalidInput(value.detail)
    return value


def parse_items(body: bytes) -> list[Any]:
    """The items of a body that is a list; each bad one is a ``Refused`` and spoils no other.

    Raises ``MalformedRequest`` for what is no JSON, ``InvalidInput`` for what is no list.
    """
    value = _trusted(body)
    if value is _DOUBTFUL:
        return _Careful(_text(body)).items()
    if not isinstance(value, list):
        raise InvalidInput("Send a JSON list here.")
    return value


_DOUBTFUL = object()


def _trusted(body: bytes) -> Any:
    """The value, if it is certain that reading it has lost nothing."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _DOUBTFUL
    seen = _walk(value)
    # A colon follows each name, with nothing between in what programs write; text that looks like
    # it only raises the count. So equal counts mean that no name was lost to another.
    certain = (
        seen is not None
        and body.count(b'":') == seen.names
        and not _NAME_THEN_SPACE.search(body)
        and not (seen.floats and _LONG_NUMBER.search(body))
    )
    return value if certain else _DOUBTFUL


@dataclass(slots=True)
class _Seen:
    names: int = 0
    floats: bool = False


def _walk(value: Any) -> _Seen | None:
    """Count names and look at numbers; ``None`` if a closer look is needed."""
    seen = _Seen()
    level = [value]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:  # most are
                continue
            if kind is dict:
                seen.names += len(item)
                below += item.values()
            elif kind is list:
                below += item
            elif kind is float:
                seen.floats = True
                if not -9e18 < item < 9e18:  # an integer beyond 64 bits is read as a float
                    return None
        if not below:
            return seen
        level = below
    return None


class _Careful:
    """Reads slowly and notes what is wrong with the item at hand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fault = ""
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._number(int),
            parse_float=self._number(float),
            parse_constant=self._constant,
        )

    def one(self) -> Any:
        """The only value of the text."""
        value, end = self._item(self._skip(0))
        if self._skip(end) != len(self._text):
            raise _malformed(end)
        return value

    def items(self) -> list[Any]:
        """The items of the list that the text is."""
        at = self._skip(0)
        if self._text[at : at + 1] != "[":
            self.one()
            raise InvalidInput("Send a JSON list here.")
        found: list[Any] = []
        at = self._skip(at + 1)
        if self._text[at : at + 1] == "]":
            return self._ended(found, at)
        while True:
            item, end = self._item(at)
            found.append(item)
            at = self._skip(end)
            if self._text[at : at + 1] == "]":
                return self._ended(found, at)
            if self._text[at : at + 1] != ",":
                raise _malformed(at)
            at = self._skip(at + 1)

    def _ended(self, found: list[Any], at: int) -> list[Any]:
        if self._skip(at + 1) != len(self._text):
            raise _malformed(at + 1)
        return found

    def _item(self, at: int) -> tuple[Any, int]:
        self._fault = ""
        try:
            value, end = self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise _malformed(error.pos) from None
        except RecursionError:
            raise InvalidInput(_DEEP) from None
        return (Refused(self._fault) if self._fault else self._checked(value)), end

    def _checked(self, value: Any) -> Any:
        if _depth_exceeds(value, DEEPEST):
            return Refused(_DEEP)
        try:
            orjson.dumps(value)  # what cannot be written, half a surrogate pair, was never text
        except TypeError:
            return Refused("The JSON holds text that is not valid Unicode.")
        return value

    def _skip(self, at: int) -> int:
        while at < len(self._text) and self._text[at] in _SPACE:
            at += 1
        return at

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            self._fault = "An object has two members of the same name. Send each name once."
        return value

    def _number(self, read: Callable[[str], Any]) -> Callable[[str], Any]:
        def checked(text: str) -> Any:
            if len(text) > _LONGEST_NUMBER:
                self._fault = f"A number has more than {_LONGEST_NUMBER} characters."
                return 0
            number = read(text)
            if isinstance(number, int) and not _SMALLEST <= number < _LARGEST:
                self._fault = "An integer is beyond 64 bits. Send it as text."
            elif not math.isfinite(number):
                self._fault = "A number is too large to be finite."
            return number

        return checked

    def _constant(self, name: str) -> int:
        self._fault = f"{name} is not a JSON number."
        return 0


_DEEP = f"The JSON is nested deeper than {DEEPEST} levels."


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return False
        level = below
    return True


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"The body is not UTF-8: byte {error.start} does not fit. Send UTF-8 text."
        ) from None


def _malformed(at: int) -> MalformedRequest:
    return MalformedRequest(f"The body is not JSON: it cannot be read at character {at}.")
