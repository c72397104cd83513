"""Durations are added as calendars and clocks have it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from schemas.calendar import NEVER, days_between, plus
from schemas.durations import parse_duration
from schemas.instants import format_instant, parse_instant


@pytest.mark.parametrize(
    ("start", "duration", "zone", "end"),
    [
        ("2024-01-31T12:00:00Z", "P1M", "UTC", "2024-02-29T12:00:00.000Z"),
        ("2023-01-31T12:00:00Z", "P1M", "UTC", "2023-02-28T12:00:00.000Z"),
        ("2024-02-29T12:00:00Z", "P1Y", "UTC", "2025-02-28T12:00:00.000Z"),
        ("2024-01-30T12:00:00Z", "P1M1D", "UTC", "2024-03-01T12:00:00.000Z"),
        ("2024-11-30T12:00:00Z", "P3M", "UTC", "2025-02-28T12:00:00.000Z"),
        # A day is a day of the wall clock, 24 hours are 24 hours.
        ("2024-03-30T12:00:00Z", "P1D", "Europe/Warsaw", "2024-03-31T11:00:00.000Z"),
        ("2024-03-30T12:00:00Z", "PT24H", "Europe/Warsaw", "2024-03-31T12:00:00.000Z"),
        ("2024-10-26T12:00:00Z", "P1D", "Europe/Warsaw", "2024-10-27T13:00:00.000Z"),
        # 02:30 does not exist that day: read with the offset before the change, 03:30.
        ("2024-03-30T01:30:00Z", "P1D", "Europe/Warsaw", "2024-03-31T01:30:00.000Z"),
        # 02:30 is there twice that day: the first.
        ("2024-10-26T00:30:00Z", "P1D", "Europe/Warsaw", "2024-10-27T00:30:00.000Z"),
        ("2024-03-10T06:30:00.123Z", "P1DT1H", "America/New_York", "2024-03-11T06:30:00.123Z"),
    ],
)
def test_a_duration_later(start: str, duration: str, zone: str, end: str) -> None:
    later = plus(parse_instant(start), parse_duration(duration), ZoneInfo(zone))
    assert format_instant(later) == end


def test_behind_the_calendar_there_is_nothing() -> None:
    last = parse_instant("9999-06-01T00:00:00Z")
    for text in ("P1Y", "P300D"):
        assert plus(last, parse_duration(text), ZoneInfo("UTC")) == NEVER


def test_days_begin_at_midnight_of_the_local_clock() -> None:
    """Also where a night has an hour less."""
    zone = ZoneInfo("Europe/Warsaw")
    since = parse_instant("2026-03-28T10:00:00+01:00")
    until = parse_instant("2026-03-30T10:00:00+02:00")
    assert [format_instant(at) for at in days_between(since, until, zone)] == [
        "2026-03-28T09:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z",
        "2026-03-30T08:00:00.000Z",
    ]  # fmt: skip
    assert days_between(since, since + 1, zone) == [since, since + 1]
