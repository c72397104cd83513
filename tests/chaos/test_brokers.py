"""A short run: two of three brokers killed under load, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.brokers import play, told
from tests.support.kafka.cluster import running
from tests.support.kafka.jars import NoBroker, jars

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_no_acknowledged_event_is_lost_or_doubled(tmp_path: Path) -> None:
    try:
        parts = jars()
    except NoBroker as reason:
        pytest.skip(str(reason))
    lines: list[str] = []
    with running(tmp_path / "kafka", parts, nodes=3) as cluster:
        seen = play(cluster, tmp_path, kills=2, seed=3, note=lines.append)
    assert seen.faults == [], "\n".join([*lines, told(seen)])
    assert len(seen.away) == 2
    assert len(seen.accepted) > 3_000
