"""The benches of the collector, on a real server."""

from __future__ import annotations

from tests.services.bench.shape import check_shape


def names(bench_name: str, client: str) -> list[str]:
    return [bench_name, f"{bench_name}, by processor time", client]


def test_collector_pixel_finds_every_acknowledged_open_in_the_log(bench):
    report = bench("collector-pixel", "--seconds", "0.3", "--connections", "4")
    check_shape(report, names("collector-pixel", "load of pixels"))
    assert "Acknowledged and found in the log" in report["remarks"]["collector-pixel"][0]


def test_collector_batch_counts_events_between_two_sizes_of_the_log(bench):
    report = bench("collector-batch", "--from", "1000", "--to", "3000", "--seconds", "0.5",
                   "--connections", "4")  # fmt: skip
    check_shape(report, names("collector-batch", "load of batches"))
    assert "Between 1,000 and " in report["remarks"]["collector-batch"][0]
