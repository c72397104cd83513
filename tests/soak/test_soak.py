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
        if disk is None:
            pytest.skip("A disk of its own can be mounted by root alone.")
        lines: list[str] = []
        plan = Plan(minutes=MINUTES, kills=10, full_disks=1, seed=20)
        outcome = Soak(tmp_path, disk, plan, lines.append).run()
    assert outcome.faults == [], "\n".join(lines)
    assert outcome.befell["full disk"] == 1
    assert sum(outcome.befell.values()) == 11
    assert outcome.told.unavailable > 0  # the full disk was felt
    assert len(outcome.told.events) > 500
    assert len(outcome.told.responses) > 20
    assert outcome.told.opens > 50
