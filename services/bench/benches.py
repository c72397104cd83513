"""All benches, by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from services.bench.measured import Measured
from services.bench.plan import Plan


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench; ``module`` measures it. What is ``distributed`` needs stores to be named."""

    name: str
    module: str
    words: str
    distributed: bool = False

    def measure(self, plan: Plan) -> Measured:
        """Run it. The module is loaded only now: the engines in it take 250 MB of a server."""
        measured: Measured = import_module(f"services.bench.{self.module}").measure(plan)
        return measured


BENCHES = (
    Bench("collector-pixel", "collector_pixel", "pixels stored and answered, a second"),
    Bench("collector-batch", "collector_batch", "events stored in batches, a second"),
    Bench("log-append", "log_append", "events appended to the log, a second"),
    Bench("log-read", "log_read", "events read from the log, a second"),
    Bench("projection-live", "projection_live", "events digested by both sinks, a second"),
    Bench("replay", "replay", "events a generation beside the live one is built from, a second"),
    Bench("lists", "lists", "events followed with a hundred dynamic lists in force, a second"),
    Bench("rebuild", "rebuild", "journaled events brought into KPI tables, a second"),
    Bench("freshness", "freshness", "from an open to the KPIs that count it"),
    Bench("memory", "footprint", "memory after start, after events, in a rebuild"),
    Bench("kafka-append", "kafka_append", "events appended to Kafka, a second", distributed=True),
    Bench("worker", "worker", "events a worker digests from Kafka, a second", distributed=True),
)


def by_name(name: str) -> tuple[Bench, ...]:
    """The bench of a name; for ``all`` those that need nothing but this machine; else none."""
    if name == "all":
        return tuple(bench for bench in BENCHES if not bench.distributed)
    return tuple(bench for bench in BENCHES if bench.name == name)
