"""The printed table."""

from __future__ import annotations

from schemas.kpis import KpiValue
from services.demo.table import Block, table_text


def test_table_aligns_numbers_and_formats_each_kind():
    kpis = {
        "goal_conversion_rate": KpiValue(numerator=5289, denominator=45211, value=5289 / 45211),
        "call_attempts": KpiValue(numerator=124956, value=124956),
        "first_follow_up_minutes": KpiValue(value=12.5, n=40),
        "cost_per_lead": KpiValue(numerator=240.0, denominator=16, value=15.0),
        "form_submissions_per_visit": KpiValue(numerator=30, denominator=45, value=2 / 3),
    }
    assert table_text([Block("Bank", kpis)]) == (
        "Bank\n"
        "----\n"
        "KPI                         numerator  denominator     value\n"
        "goal_conversion_rate            5,289       45,211  11.698 %\n"
        "call_attempts                 124,956                124,956\n"
        "first_follow_up_minutes                     n = 40     12.50\n"
        "cost_per_lead                     240           16        15\n"
        "form_submissions_per_visit         30           45      0.67\n"
    )


def test_table_names_what_has_nothing_to_count():
    kpis = {
        "open_rate": KpiValue(numerator=0, denominator=0, value=None),
        "complaint_rate": KpiValue(numerator=0, denominator=10, value=0.0),
    }
    text = table_text([Block("Offer", kpis)])
    assert "complaint_rate          0           10  0.000 %" in text
    assert "Nothing to count: open_rate." in text


def test_table_separates_blocks_by_an_empty_line():
    text = table_text([Block("One", {}), Block("Two", {})])
    assert "\n\nTwo\n---\n" in text
