"""ISO 8601 durations, as rules and windows use them."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

_PATTERN = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)


_MOST_YEARS = 100  # columns of dates end in 2149


class Duration(NamedTuple):
    """Calendar months, then calendar days, then exact seconds: the order of their addition."""

    months: int
    days: int
    seconds: int


def parse_duration(text: str) -> Duration:
    """Read ``P1Y2M3W4DT5H6M7S``, any part left out. Raises ``ValueError``."""
    match = _PATTERN.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text[:40]!r} is not an ISO 8601 duration such as P30D.")
    years, months, weeks, days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
    return Duration(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def _checked(text: str) -> str:
    months, days, seconds = parse_duration(text)
    if months / 12 + days / 365 + seconds / (365 * 86_400) > _MOST_YEARS:
        raise ValueError(f"A duration is {_MOST_YEARS} years at most.")
    return text


DurationText = Annotated[str, AfterValidator(_checked)]
