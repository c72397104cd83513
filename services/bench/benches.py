"""All benches, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.bench import (
    collector_batch,
    collector_pixel,
    footprint,
    freshness,
    log_append,
    log_read,
    projection_live,
    rebuild,
)
from services.bench.measured import Measured
from services.bench.plan import Plan


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench."""

    name: str
    words: str
    measure: Callable[[Plan], Measured]


BENCHES = (
    Bench(collector_pixel.NAME, "pixels stored and answered, a second", collector_pixel.measure),
    Bench(collector_batch.NAME, "events stored in batches, a second", collector_batch.measure),
    Bench(log_append.NAME, "events appended to the log, a second", log_append.measure),
    Bench(log_read.NAME, "events read from the log, a second", log_read.measure),
    Bench(projection_live.NAME, "events digested by both sinks, a second", projection_live.measure),
    Bench(rebuild.NAME, "journaled events brought into KPI tables, a second", rebuild.measure),
    Bench(freshness.NAME, "from an open to the KPIs that count it", freshness.measure),
    Bench(footprint.NAME, "memory after start, after events, in a rebuild", footprint.measure),
)


def by_name(name: str) -> tuple[Bench, ...]:
    """The bench of a name; all of them for ``all``; none for an unknown one."""
    return tuple(bench for bench in BENCHES if name in (bench.name, "all"))
