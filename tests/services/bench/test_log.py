"""The benches of the log."""

from __future__ import annotations

from services.bench.log_append import CASES
from tests.services.bench.shape import check_shape


def test_log_append_measures_every_case_and_counts_what_is_stored(bench):
    report = bench("log-append", "--events", "1000")
    check_shape(report, [case.name for case in CASES])
    assert "5,050 events" in report["remarks"]["log-append"][0]


def test_log_read_reads_everything_that_was_stored(bench):
    report = bench("log-read", "--events", "1000")
    check_shape(report, ["log-read"])
    assert report["remarks"]["log-read"][0].startswith("1,000 events")
