"""The benches of the read side; each opens its stores in processes of its own."""

from __future__ import annotations

import pytest

from tests.services.bench.shape import check_shape

LIVE = ["projection-live", "projection-live, beside rows", "projection-live, by processor time"]
REBUILD = ["rebuild", "rebuild, by processor time", "rebuild, peak memory"]


def test_projection_live_digests_a_prepared_log_beside_both_bare_stores(bench):
    report = bench("projection-live", "--events", "200")
    check_shape(report, LIVE)


def test_replay_builds_a_generation_beside_a_bare_store(bench):
    report = bench("replay", "--events", "200")
    check_shape(report, ["replay", "replay, by processor time"])
    assert "rows in SQLite" in report["remarks"]["replay"][0]


LISTS = ("", ", looked at", ", previewed", ", one changed", ", memory")


def test_lists_are_measured_with_few_contacts_and_with_many(bench):
    report = bench("lists", "--events", "100")
    names = [f"lists, {contacts} contacts" for contacts in (1, 10, 100)]
    check_shape(report, [f"{name}{what}" for name in names for what in LISTS])
    assert "100 dynamic lists" in report["remarks"]["lists"][0]


def test_rebuild_tells_speed_and_memory_beside_a_bare_query(bench):
    report = bench("rebuild", "--events", "1000")
    check_shape(report, REBUILD)
    assert "1,000 events to 250 messages" in report["remarks"]["rebuild"][0]


@pytest.mark.slow
def test_freshness_sees_probes_counted_under_traffic(bench):
    report = bench("freshness", "--seconds", "1", "--rate", "100")
    check_shape(report, ["freshness p50", "freshness p95", "freshness p99"])
    assert "polls of the KPIs" in report["remarks"]["freshness"][0]


@pytest.mark.slow
def test_memory_is_told_after_start_after_events_and_in_a_rebuild(bench):
    report = bench("memory", "--events", "200", "--seconds", "0.1")
    stages = ("after start", "after events", "with events, peak", "verify, peak")
    check_shape(report, [f"memory {stage}{fair}" for stage in stages for fair in ("", ", fair")])
