"""The text of a cell as a value. What cannot be read is a ``ValueError`` that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.ids import named_id
from schemas.instants import Precision, from_datetime

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?P<time>[T ]\d{2}:\d{2}(?P<seconds>:\d{2}(?P<parts>\.\d+)?)?"
    r"(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_DIGITS = re.compile(r"[+-]?\d+", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_TRUE = frozenset(("true", "yes", "1"))
_FALSE = frozenset(("false", "no", "0"))


class Reads(StrEnum):
    """What the text of a field is read as."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    UUID = "uuid"
    CONTACT = "contact"
    ACCOUNT = "account"
    LEAD = "lead"


RECORDS = frozenset((Reads.CONTACT, Reads.ACCOUNT, Reads.LEAD))


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as exactly as the file knows it. Days are 00:00 UTC of their date, in any zone."""

    at: int
    precision: Precision


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file writes its numbers, times and names."""

    source: str
    decimal: str
    thousands: str
    time_zone: ZoneInfo
    formats: tuple[str, ...]


def read(text: str, reads: Reads, manner: Manner) -> Any:
    """The value of a text that is not empty. Raises ``ValueError``."""
    if reads in RECORDS:
        return str(record_id(reads.value, manner.source, text))
    return _READERS[reads](text, manner)


def record_id(kind: str, source: str, name: str) -> UUID:
    """The record that a source calls so: in every file of that source the same one."""
    try:
        return UUID(name)
    except ValueError:
        return named_id(kind, source, name)


def _text(text: str, _manner: Manner) -> str:
    return text


def _uuid(text: str, _manner: Manner) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no UUID") from None


def _number(text: str, manner: Manner) -> Decimal:
    plain = text.replace("\u00a0", " ").replace("\u202f", " ")
    if manner.thousands:
        plain = plain.replace(manner.thousands, "")
    if manner.decimal != ".":
        plain = plain.replace(".", "?").replace(manner.decimal, ".")
    if not _PLAIN.fullmatch(plain):
        raise ValueError(
            f"{text[:60]!r} is no number with {manner.decimal!r} before its decimals; say how the"
            " file writes them with decimal and thousands in the mapping"
        )
    return Decimal(plain)


def _integer(text: str, manner: Manner) -> int:
    plain = text.replace(manner.thousands, "") if manner.thousands else text
    if not _DIGITS.fullmatch(plain) or len(plain) > 19:
        raise ValueError(f"{text[:60]!r} is no whole number")
    return int(plain)


def _boolean(text: str, _manner: Manner) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{text[:60]!r} is neither yes nor no; name the words with values")
    return word in _TRUE


def _moment(text: str, manner: Manner) -> Moment:
    for form in manner.formats:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is given below
        except ValueError:
            continue
        return _placed(moment, _precision_of(form), manner.time_zone)
    if manner.formats:
        forms = " or ".join(manner.formats)
        raise ValueError(f"{text[:60]!r} is no time of the form {forms}")
    return _standard(text, manner.time_zone)


def _standard(text: str, zone: ZoneInfo) -> Moment:
    """ISO 8601: a date, or a time with or without its offset."""
    match = _ISO.fullmatch(text)
    try:
        moment = datetime.fromisoformat(text) if match else None
    except ValueError:
        moment = None
    if match is None or moment is None:
        raise ValueError(
            f"{text[:60]!r} is no time like 2026-10-14 or 2026-10-14T12:30:00; say its form with"
            " formats in the mapping"
        )
    if match["time"] is None:
        return _placed(moment, Precision.DAY, zone)
    precision = Precision.SECOND if match["seconds"] else Precision.MINUTE
    return _placed(moment, Precision.MILLISECOND if match["parts"] else precision, zone)


def _placed(moment: datetime, precision: Precision, zone: ZoneInfo) -> Moment:
    if precision is Precision.DAY:
        moment = moment.replace(tzinfo=UTC)
    elif moment.tzinfo is None:
        # Of a time that the clocks pass twice the first is meant, and one that they skip is read
        # with the offset before: both are what fold=0 says.
        moment = moment.replace(tzinfo=zone, fold=0)
    try:
        return Moment(from_datetime(moment.astimezone(UTC)), precision)
    except OverflowError:
        raise ValueError("The time is outside the calendar") from None


def _precision_of(form: str) -> Precision:
    for directives, precision in (
        (("%f",), Precision.MILLISECOND),
        (("%S", "%T", "%X", "%c"), Precision.SECOND),
        (("%M", "%H", "%I"), Precision.MINUTE),
    ):
        if any(directive in form for directive in directives):
            return precision
    return Precision.DAY


_READERS: dict[Reads, Callable[[str, Manner], Any]] = {
    Reads.TEXT: _text,
    Reads.NUMBER: _number,
    Reads.INTEGER: _integer,
    Reads.BOOLEAN: _boolean,
    Reads.TIME: _moment,
    Reads.UUID: _uuid,
}
