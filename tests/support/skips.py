"""A pytest plugin: where ``ANSWERBACK_FAIL_ON_SKIP=1`` is set, a skipped test is a failed one.

On a laptop a test may say that what it needs is not there. In continuous integration everything is
there, and a test that skips would be a hole that nobody sees.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

# Left in the environment: tests run in several processes, and each has to know.
FAIL_ON_SKIP = os.environ.get("ANSWERBACK_FAIL_ON_SKIP") == "1"

Report = pytest.TestReport | pytest.CollectReport


def judged(report: Report) -> Report:
    """The report, failed if it tells of a skip that is not allowed."""
    if FAIL_ON_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"This test must run here, and was skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Report, Report]:
    return judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Report, Report]:
    return judged((yield))
