"""All benches, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.bench import collector_batch, collector_pixel
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
)


def by_name(name: str) -> tuple[Bench, ...]:
    """The bench of a name; all of them for ``all``; none for an unknown one."""
    return tuple(bench for bench in BENCHES if name in (bench.name, "all"))
