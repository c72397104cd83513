"""``replay``: events a second at which a generation is built beside the live one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from services.bench.digesting import Digested, DigestOrder
from services.bench.installation import Installation
from services.bench.measured import Measured, Result, Rounds
from services.bench.plan import Plan
from services.bench.prepared import READ_MODELS, prepared
from services.bench.replaying import Replayed, ReplayOrder
from services.bench.workers import ask_worker

NAME = "replay"
_SECONDS = 1800.0


def measure(plan: Plan) -> Measured:
    """In each round digest the log, insert the rows that came of it bare, and replay."""
    installed = prepared(plan)
    ours: list[Replayed] = []
    bare: list[Replayed] = []
    rounds = plan.rounds or 3
    for number in range(1, rounds + 1):
        for told, one in zip((ours, bare), _round(plan, installed, number), strict=True):
            told.append(one)
        plan.note(f"{NAME}, round {number} of {rounds}: {ours[-1].rate:,.0f} events/s")
    return Measured(_results(ours, bare), (
        f"{bare[-1].events:,} events of the mix {plan.mix.name}, with what follows from them: facts"
        f" kept, {bare[-1].rows:,} rows in SQLite, and all tables of columns concluded.",
    ))  # fmt: skip


def _round(plan: Plan, installed: Installation, number: int) -> tuple[Replayed, Replayed]:
    """One round: how we did, and the bare store."""
    copy = plan.folder / f"round-{number}"
    shutil.copytree(installed.data, copy, ignore=READ_MODELS)
    key, seconds = installed.master_key.hex(), plan.seconds or _SECONDS
    digest = DigestOrder(data=copy, master_key=key, seconds=seconds)
    ask_worker("services.bench.digesting", digest, Digested, plan.folder, _SECONDS)
    order = ReplayOrder(data=copy, master_key=key, seconds=seconds)
    module = "services.bench.replaying"
    bare_order = order.model_copy(update={"bare": True})
    bare = ask_worker(module, bare_order, Replayed, plan.folder, _SECONDS)
    ours = ask_worker(module, order, Replayed, plan.folder, _SECONDS)
    shutil.rmtree(copy)
    return ours, bare


def _results(ours: Sequence[Replayed], bare: Sequence[Replayed]) -> tuple[Result, ...]:
    ceiling = "decoding the same events, and inserting the same rows into bare SQLite"
    return (
        Result(NAME, "events/s", Rounds(tuple(one.rate for one in ours)), ceiling,
               Rounds(tuple(one.rate for one in bare))),
        Result(f"{NAME}, by processor time", "events/CPU s",
               Rounds(tuple(one.busy_rate for one in ours)), ceiling,
               Rounds(tuple(one.busy_rate for one in bare))),
    )  # fmt: skip
