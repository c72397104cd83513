"""``projection-live``: events a second that both sinks digest, in pages, from a prepared log."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

from services.bench.digesting import Digested, DigestOrder
from services.bench.measured import Measured, Result, Rounds
from services.bench.plan import Plan
from services.bench.prepared import READ_MODELS, prepared
from services.bench.workers import ask_worker

NAME = "projection-live"
_SECONDS = 1800.0
_SHORTEST = 0.01  # the kernel's tick: a shorter time cannot be told from none
_MODULE = "services.bench.digesting"


@dataclass(slots=True)
class _Rates:
    """Events a second, by round."""

    ours: list[float] = field(default_factory=list)
    columns: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    bare_busy: list[float] = field(default_factory=list)

    def note(self, ours: Digested, bare: Digested) -> None:
        self.ours.append(ours.events / ours.seconds)
        self.columns.append(bare.events / bare.columns_seconds)
        self.rows.append(bare.events / bare.rows_seconds)
        self.busy.append(ours.events / max(ours.processor, _SHORTEST))
        self.bare_busy.append(bare.events / max(bare.processor, _SHORTEST))


def measure(plan: Plan) -> Measured:
    """Digest a copy of the log in each round, then have the bare stores insert the same rows."""
    installed = prepared(plan)
    rates, bare = _Rates(), Digested(events=0, processor=0)
    rounds = plan.rounds or 3
    for number in range(1, rounds + 1):
        copy = plan.folder / f"round-{number}"
        shutil.copytree(installed.data, copy, ignore=READ_MODELS)
        order = DigestOrder(
            data=copy, master_key=installed.master_key.hex(), seconds=plan.seconds or _SECONDS
        )
        ours = ask_worker(_MODULE, order, Digested, plan.folder, _SECONDS)
        bare_order = order.model_copy(update={"bare": True})
        bare = ask_worker(_MODULE, bare_order, Digested, plan.folder, _SECONDS)
        rates.note(ours, bare)
        plan.note(f"{NAME}, round {number} of {rounds}: {rates.ours[-1]:,.0f} events/s")
        shutil.rmtree(copy)
    return Measured(_results(rates), (
        f"{bare.events:,} events of the mix {plan.mix.name} and what follows from them,"
        f" {bare.rows:,} rows in SQLite; both sinks in threads of the back's process.",
    ))  # fmt: skip


def _results(rates: _Rates) -> tuple[Result, ...]:
    ours = Rounds(tuple(rates.ours))
    return (
        Result(NAME, "events/s", ours, "bare chDB, journal rows from Arrow, 5,000 an insert",
               Rounds(tuple(rates.columns))),
        Result(f"{NAME}, beside rows", "events/s", ours, "bare SQLite, the rows of the end",
               Rounds(tuple(rates.rows))),
        Result(f"{NAME}, by processor time", "events/CPU s", Rounds(tuple(rates.busy)),
               "both bare stores together", Rounds(tuple(rates.bare_busy))),
    )  # fmt: skip
