"""A short run: each process and store killed once or twice under a load, and all must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import Plan, play
from tests.support.kafka.jars import NoBroker, jars

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_nothing_is_lost_or_doubled_and_tables_equal_a_rebuild(tmp_path: Path) -> None:
    try:
        jars()
    except NoBroker as reason:
        pytest.skip(str(reason))
    lines: list[str] = []
    plan = Plan(minutes=0.5, rate=400, every_seconds=2, away_seconds=5, seed=4)
    outcome = play(tmp_path, plan, lines.append)
    assert outcome.faults == [], "\n".join(lines)
    assert len(outcome.told.events) > 2000
    assert len(outcome.told.campaigns) > 5
