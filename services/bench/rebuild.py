"""``rebuild``: events a second from the journal to all KPI tables, with verdicts and clusters."""

from __future__ import annotations

from services.bench.measured import Measured, Result, Rounds
from services.bench.plan import Plan
from services.bench.rebuilding import RebuildOrder, Rebuilt
from services.bench.workers import ask_worker

NAME = "rebuild"
_EVENTS, _FULL = 1_000_000, 10_000_000
_SECONDS = 3600.0
_MIB = 1 << 20


def measure(plan: Plan) -> Measured:
    """Have a worker fill a journal and rebuild from it."""
    order = RebuildOrder(
        folder=plan.folder,
        events=plan.events or (_FULL if plan.full else _EVENTS),
        rounds=plan.rounds or 3,
        mix=plan.mix,
    )
    plan.note(f"Filling a journal with {order.events:,} events, then {order.rounds} rebuilds")
    done = ask_worker("services.bench.rebuilding", order, Rebuilt, plan.folder, _SECONDS)
    return Measured((_speed(done), _busy(done), _memory(done)), (
        f"{done.events:,} events to {done.messages:,} messages; the journal was filled in"
        f" {done.filled_seconds:,.0f} s by SQL, with verdicts and clusters.",
    ))  # fmt: skip


def _speed(done: Rebuilt) -> Result:
    ours, bare = (
        Rounds(tuple(done.events / one.seconds for one in passes))
        for passes in (done.ours, done.bare)
    )
    return Result(NAME, "events/s", ours, "bare GROUP BY over the same columns", bare)


def _busy(done: Rebuilt) -> Result:
    ours, bare = (
        Rounds(tuple(done.events / one.processor for one in passes))
        for passes in (done.ours, done.bare)
    )
    return Result(f"{NAME}, by processor time", "events/CPU s", ours, "the same GROUP BY", bare)


def _memory(done: Rebuilt) -> Result:
    ours, bare = (
        Rounds(tuple(one.peak / _MIB for one in passes)) for passes in (done.ours, done.bare)
    )
    return Result(f"{NAME}, peak memory", "MiB", ours, "the same GROUP BY", bare)
