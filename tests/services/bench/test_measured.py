"""Figures, ratios, and the report."""

from __future__ import annotations

import orjson
import pytest

from services.bench.measured import Measured, Result, Rounds, report, table
from services.bench.rounds import in_turns


@pytest.fixture
def result() -> Result:
    return Result("mine", "events/s", Rounds((90, 100, 120)), "bare", Rounds((400, 200, 180)))


def test_result_compares_the_medians(result):
    assert (result.value, result.ceiling, result.ratio) == (100, 200, 0.5)
    assert (result.ours.spread, result.ceilings.spread) == (pytest.approx(0.3), pytest.approx(1.1))


def test_report_has_exactly_the_fields_others_build_on(result):
    made = orjson.loads(report({"cpu": "one"}, {"bench": Measured((result,), ("Said.",))}))
    assert made["machine"] == {"cpu": "one"}
    assert made["results"] == [
        {"name": "mine", "value": 100, "unit": "events/s", "ceiling_name": "bare", "ceiling": 200,
         "ratio": 0.5}
    ]  # fmt: skip
    assert made["rounds"] == {"mine": {"ours": [90, 100, 120], "ceiling": [400, 200, 180]}}
    assert made["remarks"] == {"bench": ["Said."]}


def test_table_shows_value_ceiling_and_ratio(result):
    heading, row = table([result])
    assert dict(zip(heading, row, strict=False))["RATIO"] == "0.50"
    assert row[:4] == ("mine", "100", "30%", "200")


def test_in_turns_measures_ours_and_the_ceiling_one_after_the_other():
    order: list[str] = []
    notes: list[str] = []
    found = in_turns(
        "mine", "s", lambda: float(order.append("ours") or 1), "bare",
        lambda: float(order.append("bare") or 2), 3, notes.append,
    )  # fmt: skip
    assert order == ["ours", "bare"] * 3
    assert found.ours.values == (1, 1, 1)
    assert len(notes) == 3
