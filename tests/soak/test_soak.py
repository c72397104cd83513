"""A tenth of the long run: ten kills and a full disk under load."""

from __future__ import annotations

import os

import pytest

from tests.soak.run import Plan, Soak
from tests.support.small_disk import small_disk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MINUTES = float(os.environ.get("ANSWERBACK_TEST_SOAK_MINUTES", "2"))


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    with small_disk(tmp_path / "data", 256) as disk:
        # Only root can mount a disk that may be filled; without one the kills are still played.
        full_disks = 0 if disk is None else 1
        lines: list[str] = []
        plan = Plan(minutes=MINUTES, kills=10, full_disks=full_disks, seed=20)
        outcome = Soak(tmp_path, disk, plan, lines.append).run()
    assert outcome.faults == [], "\n".join(lines)
    assert outcome.befell.get("full disk", 0) == full_disks
    assert sum(outcome.befell.values()) == 10 + full_disks
    if full_disks:
        assert outcome.told.unavailable > 0  # it was felt
    assert len(outcome.told.events) > 500
    assert len(outcome.told.responses) > 20
    assert outcome.told.opens > 50
