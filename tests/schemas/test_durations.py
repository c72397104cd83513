"""Durations as rules write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.durations import Duration, DurationText, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P30D", Duration(0, 30, 0)),
        ("P1Y2M3W4DT5H6M7S", Duration(14, 25, 18_367)),
        ("P1M", Duration(1, 0, 0)),
        ("PT1M", Duration(0, 0, 60)),
        ("P2W", Duration(0, 14, 0)),
        ("P0D", Duration(0, 0, 0)),
    ],
)
def test_duration_is_read_part_by_part(text: str, expected: Duration) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "30D", "P30", "p30d", "P-1D", "P1.5D", "P1D2M", "P1H", "P٣D", "P30D\n"]
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


@given(st.text(alphabet="PT0123456789YMWDHS.-", max_size=20))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert min(duration) >= 0


def test_a_model_refuses_a_wrong_duration() -> None:
    adapter = TypeAdapter(DurationText)
    assert adapter.validate_python("P30D") == "P30D"
    with pytest.raises(ValidationError):
        adapter.validate_python("a month")
