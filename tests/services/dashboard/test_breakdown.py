"""Responses over time: no gaps, no hour lost or doubled, and every table adds up."""

from __future__ import annotations

import re

from schemas.views import Tally
from services.dashboard.breakdown import Breakdown, over_time, panels


def row(name: str, responses: int) -> Tally:
    return Tally(name=name, responses=responses, reviewed=0, positive=0, converted=0)


def test_days_have_no_gaps_and_begin_a_week_before() -> None:
    shown = over_time([row("2026-10-01", 2), row("2026-10-04", 3)], "day", "UTC")
    assert shown[0].label == "2026-09-28"
    assert [c.count for c in shown] == [0, 0, 0, 2, 0, 0, 3]


def test_hour_that_the_clock_shows_twice_has_two_columns() -> None:
    rows = [row("2026-11-01T01:00-0400", 1), row("2026-11-01T01:00-0500", 2), row("", 4)]
    shown = over_time(rows, "hour", "America/New_York")
    assert [c.count for c in shown[-2:]] == [1, 2]
    assert len(shown) == 24
    assert sum(c.count for c in shown) == 3


def test_last_hour_is_the_last_moment_not_the_last_name() -> None:
    rows = [row("2026-11-01T01:00-0500", 2), row("2026-11-01T01:00-0400", 1)]
    assert over_time(rows, "hour", "America/New_York")[-1].count == 2


def test_weeks_begin_on_monday() -> None:
    shown = over_time([row("2026-10-04", 1), row("2026-10-05", 5)], "week", "UTC")
    assert [(c.label, c.count) for c in shown[-2:]] == [("2026-09-28", 1), ("2026-10-05", 5)]


def test_every_table_adds_up_to_the_same_total_and_names_the_unknown() -> None:
    text = panels(
        Breakdown(
            channels=[row("email", 60), row("", 5)],
            countries=[row(f"{a}{b}", 2) for a in "ABCDE" for b in "XYZW"] + [row("", 25)],
            times=[row("2020-01-01", 30), row("2026-10-04", 35)],
            span="day",
            zone="UTC",
            links={"hour": "/?span=hour", "day": "/?span=day", "week": "/?span=week"},
        )
    )
    for table in re.findall(r"<table.*?</table>", text):
        counts = re.findall(r'<td class="num">([\d,]+)</td>', table)
        body = [
            int(n) for n in re.findall(r'<td class="num">(\d+)</td>', table.split("<tfoot>")[0])
        ]
        assert sum(body) == 65
        assert "65" in counts
    assert text.count("Unknown") == 2
    assert "9 others" in text
    assert "Earlier" in text


def test_what_is_from_outside_is_escaped() -> None:
    links = {"hour": "/", "day": "/", "week": "/"}
    evil = [row("<b>", 1)]
    text = panels(Breakdown(evil, evil, [row("2026-10-04", 1)], "day", "UTC", links))
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
