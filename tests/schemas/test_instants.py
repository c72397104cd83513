"""Instants: every text that is read is written back the same, and no text crashes the reader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.instants import (
    EARLIEST,
    format_instant,
    from_datetime,
    parse_instant,
    to_datetime,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-14T17:46:40.000Z", "2026-10-14T17:46:40.000Z"),
        ("2026-10-14t17:46:40z", "2026-10-14T17:46:40.000Z"),
        ("2026-10-14 17:46:40+02:00", "2026-10-14T15:46:40.000Z"),
        ("2026-10-14T00:30:00-05:30", "2026-10-14T06:00:00.000Z"),
        ("2026-10-14T17:46:40.1Z", "2026-10-14T17:46:40.100Z"),
        ("2026-10-14T17:46:40.9999999999Z", "2026-10-14T17:46:40.999Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2026-10-14", "2026-10-14T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_instant_is_read_and_written_in_one_form(text: str, expected: str) -> None:
    assert format_instant(parse_instant(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1700000000",
        "2026-10-14T17:46:40",
        "2026-10-14T17:46Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30",
        "2026-10-14T24:00:00Z",
        "2026-10-14T17:46:61Z",
        "2026-10-14T17:46:40+99:99",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "٢٠٢٦-10-14",
        "2026-10-14T17:46:40Z\n",
        "20261014T174640Z",
        "2026-W42-3",
    ],
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


@given(st.text(max_size=40))
@example("0001-01-01T00:00:00+00:01")
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        instant = parse_instant(text)
    except ValueError:
        return
    assert parse_instant(format_instant(instant)) == instant


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
@example(datetime.min.replace(tzinfo=UTC))
@example(datetime.max.replace(tzinfo=UTC))
def test_instant_keeps_milliseconds_of_every_datetime(moment: datetime) -> None:
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        return
    cut = in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)
    instant = from_datetime(moment)
    assert to_datetime(instant) == cut
    assert parse_instant(format_instant(instant)) == instant


def test_start_of_is_midnight_utc() -> None:
    assert parse_instant("2000-01-01") == EARLIEST
    assert format_instant(parse_instant("2026-10-14")) == "2026-10-14T00:00:00.000Z"
