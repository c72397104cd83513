"""Adding durations to instants, as calendars and clocks have it.

Months are added first, the day cut to the month's last, then weeks and days, both on the local wall
clock; hours and smaller on the line of UTC. A local time that does not exist is read with the
offset before the change, one that exists twice is the first.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.durations import Duration
from schemas.instants import from_datetime, to_datetime

NEVER = 2**62
"""An instant that does not come: what lies behind the calendar's last year."""


@lru_cache(maxsize=65_536)  # windows of one rule ask for the same events again and again
def plus(instant: int, duration: Duration, zone: ZoneInfo) -> int:
    """The instant a duration later; ``NEVER`` where the calendar ends."""
    try:
        if duration.months or duration.days:
            instant = _plus_days(instant, duration.months, duration.days, zone)
    except OverflowError:
        return NEVER
    return instant + duration.seconds * 1000


def days_between(since: int, until: int, zone: ZoneInfo) -> list[int]:
    """An instant, every midnight of the local clock behind it, and a later instant."""
    bounds = [since]
    day = to_datetime(since).astimezone(zone).replace(tzinfo=None)
    while True:
        day = day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        midnight = from_datetime(day.replace(tzinfo=zone, fold=0).astimezone(UTC))
        if midnight >= until:
            return [*bounds, until]
        bounds.append(midnight)


def _plus_days(instant: int, months: int, days: int, zone: ZoneInfo) -> int:
    local = to_datetime(instant).astimezone(zone)
    count = local.month - 1 + months
    year, month = local.year + count // 12, count % 12 + 1
    if year > 9999:
        raise OverflowError
    day = min(local.day, monthrange(year, month)[1])
    wall = local.replace(year=year, month=month, day=day, tzinfo=None) + timedelta(days=days)
    return from_datetime(wall.replace(tzinfo=zone, fold=0).astimezone(UTC))
