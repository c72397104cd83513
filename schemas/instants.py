"""Instants: UTC, whole milliseconds, carried as ``int`` since 1970.

Integers compare, sort and serialise without surprises; text exists only on a wire.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NewType

Instant = NewType("Instant", int)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
EARLIEST = Instant(946_684_800_000)  # 2000-01-01, before which no source clock is believed
CLOCK_TOLERANCE = 5 * 60 * 1000
EFFECTIVE_DELAY = 5_000
DAY = 86_400_000

_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WRITTEN_HERE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", re.ASCII)
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Precision(StrEnum):
    """How exactly the source knew when something happened."""

    MILLISECOND = "ms"
    SECOND = "s"
    MINUTE = "min"
    DAY = "day"


def parse_instant(text: str) -> Instant:
    """The instant an RFC 3339 text names; finer times than milliseconds are cut.

    A bare date is 00:00 UTC of that date. Raises ``ValueError`` for anything else.
    """
    if _WRITTEN_HERE.fullmatch(text):
        return Instant(_second(text[:19]) + int(text[20:23]))
    return _parsed(text)


@lru_cache(maxsize=4096)  # events of one second come together
def _second(text: str) -> int:
    return _parsed(text + "Z")


def _parsed(text: str) -> Instant:
    if _DATE_ONLY.fullmatch(text):
        return from_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC))
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time with an offset.")
    try:
        # In UTC before anything else: an offset can lead out of the calendar.
        return from_datetime(datetime.fromisoformat(text.upper()).astimezone(UTC))
    except OverflowError as error:
        raise ValueError(f"{text[:40]!r} is outside the calendar.") from error


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime, cut to milliseconds."""
    return Instant((moment - EPOCH) // MILLISECOND)


def to_datetime(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return EPOCH + timedelta(milliseconds=instant)


def to_datetime_if(instant: int | None) -> datetime | None:
    """The same of an instant that may be none."""
    return None if instant is None else to_datetime(instant)


def format_instant(instant: int) -> str:
    """RFC 3339 with milliseconds and ``Z``: the one form Answerback writes."""
    second, milliseconds = divmod(instant, 1000)
    return f"{_written(second)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def _written(second: int) -> str:
    # Not strftime: its %Y writes the year 1, the zero time of some languages, as "1".
    return to_datetime(second * 1000).isoformat().removesuffix("+00:00")
