"""What a form's submission holds, read from any of its three encodings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from schemas.errors import Fault, InvalidInput, MalformedRequest, UnsupportedMedia
from services.collector.faults import escaped
from services.collector.strictjson import parse
from services.http import Headers, media_type, text_of

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # exists for type checkers only

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"

_MOST_FIELDS = 100
_LONGEST_NAME = 100
_LONGEST_VALUE = 10_000
_OWN = "ab_"
_UTM = "utm_"

_FILE = re.compile(rb";\s*filename\*?\s*=", re.IGNORECASE)

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission, sorted: what the person entered apart from what the page added."""

    fields: Fields
    own: Fields
    utm: Fields

    def own_id(self, name: str) -> UUID | None:
        """A UUID that the page's script put in; a damaged one must not cost the submission."""
        try:
            return UUID(self.own.get(_OWN + name, ""))
        except ValueError:
            return None


def read_submission(headers: Headers, body: bytes) -> Submission:
    """The submission in a body.

    Raises ``UnsupportedMedia``, ``MalformedRequest`` or ``InvalidInput``.
    """
    kind = media_type(headers)
    if kind == URLENCODED:
        pairs = _urlencoded(body)
    elif kind == MULTIPART:
        pairs = _multipart(headers, body)
    elif kind == JSON:
        pairs = list(_json(parse(body)))
    else:
        raise UnsupportedMedia(f"Send {URLENCODED}, {MULTIPART} or {JSON}.")
    return _sorted(_bounded(pairs))


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except UnicodeDecodeError:
        raise MalformedRequest("The form is not UTF-8. Send it as UTF-8.") from None
    except ValueError:
        raise _too_many() from None


def _json(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        raise InvalidInput("Send an object with the fields of the form.")
    for name, held in value.items():
        for one in held if isinstance(held, list) else [held]:
            if isinstance(one, bool):
                yield name, "true" if one else "false"
            elif isinstance(one, str | int | float):
                yield name, str(one)
            elif one is not None:
                fault = Fault("/" + escaped(name), "Send text, a number, true or false.")
                raise InvalidInput("A field holds something that no form holds.", (fault,))


def _multipart(headers: Headers, body: bytes) -> list[tuple[str, str]]:
    _, options = parse_options_header(text_of(headers, b"content-type"))
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise MalformedRequest("The Content-Type of a multipart form names its boundary.")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise MalformedRequest("The multipart form cannot be read.") from None
    if not parts.complete:
        raise MalformedRequest("The multipart form ends too early.")
    return parts.pairs


class _Parts:
    """Collects the parts of a multipart form; a file among them is refused."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.complete = False
        self._name = bytearray()
        self._value = bytearray()
        self._content = bytearray()
        self._field = ""

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_part_data": lambda data, start, end: self._content.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        if len(self.pairs) >= _MOST_FIELDS:
            raise _too_many()
        self._field = ""
        self._content.clear()

    def _header(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            if _FILE.search(self._value):
                raise UnsupportedMedia("This form takes no files. Send its fields only.")
            self._field = _utf8(options.get(b"name", b""))
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        self.pairs.append((self._field, _utf8(bytes(self._content))))

    def _finish(self) -> None:
        self.complete = True


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest("The form is not UTF-8. Send it as UTF-8.") from None


def _bounded(pairs: list[tuple[str, str]]) -> Fields:
    """The fields by name; several values of one name (check boxes) joined by a comma."""
    fields: Fields = {}
    for name, value in pairs:
        if not name or len(name) > _LONGEST_NAME:
            raise InvalidInput(f"A field's name has 1 to {_LONGEST_NAME} characters.")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
        if len(fields[name]) > _LONGEST_VALUE:
            fault = Fault("/" + escaped(name), f"Use at most {_LONGEST_VALUE} characters.")
            raise InvalidInput("A field is too long.", (fault,))
    if len(fields) > _MOST_FIELDS:
        raise _too_many()
    return fields


def _sorted(fields: Fields) -> Submission:
    return Submission(
        {n: v for n, v in fields.items() if not n.startswith((_OWN, _UTM))},
        {n: v for n, v in fields.items() if n.startswith(_OWN)},
        {n: v for n, v in fields.items() if n.startswith(_UTM)},
    )


def _too_many() -> InvalidInput:
    return InvalidInput(f"A form may have at most {_MOST_FIELDS} fields.")
