"""``memory``: what the server holds after its start, after events, and what a rebuild takes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import httpx

from schemas.errors import MeasurementSpoiled
from services.bench.engine_alone import EngineMemory, EngineOrder
from services.bench.happenings import BATCH, block_count
from services.bench.installation import Installation
from services.bench.load.loading import put_load
from services.bench.load.order import Order, write_requests
from services.bench.measured import Measured, Result, Rounds
from services.bench.plan import Plan
from services.bench.processes import Memory, memory
from services.bench.requests import batch_requests
from services.bench.watch import watched
from services.bench.workers import ask_worker

NAME = "memory"
_EVENTS = 20_000
_SETTLE_SECONDS = 2.0
_PATIENCE = 1800.0
_MIB = 1 << 20
_LAG = re.compile(r"^answerback_projection_lag_records\{[^}]*\} (\S+)$", re.MULTILINE)
_PLAYED = "ANSWERBACK_URL="


def measure(plan: Plan) -> Measured:
    """Start, take events or play the demo, end, and verify; each beside the engine alone."""
    engine = _engine(plan)
    installed = Installation(plan.folder, plan.clock, plan.random)
    write_requests(plan.folder / "batches", batch_requests(installed, plan))
    everywhere = frozenset(os.sched_getaffinity(0))
    with installed.serving(everywhere) as process:
        time.sleep(plan.seconds or _SETTLE_SECONDS)
        start = memory(process)
        if not plan.full:
            said, taken, most = _while_it(process, plan, installed, _take)
    if plan.full:
        with installed.serving(everywhere, command="demo") as process:
            said, taken, most = _while_it(process, plan, installed, _play)
    plan.note(f"{said}; now a rebuild of all tables")
    with installed.running("verify") as rebuild, watched(rebuild.pid) as watch:
        code = rebuild.wait(_PATIENCE)
    if code:
        raise MeasurementSpoiled(f"answerback verify has ended with {code}: {installed.told()}")
    results = (
        *_beside("after start", start, engine),
        *_beside("after events", taken, engine),
        *_beside("with events, peak", most, engine),
        *_beside("verify, peak", watch.most, engine),
    )
    return Measured(results, (
        f"Events: {said}. verify rebuilds all tables and compares them.",
        "Resident (RSS) is summed over the server's processes; fair (PSS) counts a page of two"
        " processes as halves, also one shared with others on the machine.",
    ))  # fmt: skip


def _while_it(
    process: int, plan: Plan, installed: Installation,
    work: Callable[[Plan, Installation, int], str],
) -> tuple[str, Memory, Memory]:  # fmt: skip
    """What the work says, the memory afterwards, and the most meanwhile."""
    with watched(process) as watch:
        said = work(plan, installed, process)
        time.sleep(plan.seconds or _SETTLE_SECONDS)
        return said, watch.look(), watch.most


def _engine(plan: Plan) -> Memory:
    order = EngineOrder(folder=plan.folder / "engine")
    found = ask_worker("services.bench.engine_alone", order, EngineMemory, plan.folder, _PATIENCE)
    return Memory(found.resident, found.shared_fairly)


def _take(plan: Plan, installed: Installation, process: int) -> str:
    """Send events of the mix, and wait until they are digested."""
    events = plan.events or _EVENTS
    order = Order(
        port=installed.port, server=process, requests=plan.folder / "batches", connections=8,
        seconds=_PATIENCE, cores=frozenset(os.sched_getaffinity(0)), status=202,
        at_most=max(1, events // BATCH), blocks=block_count(plan.mix), counts_accepted=True,
    )  # fmt: skip
    tally = put_load(order, plan.folder)
    _until(lambda: _lag(installed) == 0, "The projections have not caught up.")
    return f"{tally.accepted:,} of the mix {plan.mix.name}"


def _lag(installed: Installation) -> float:
    text = httpx.get(f"{installed.address}/metrics", timeout=60, trust_env=False).text
    return sum(map(float, _LAG.findall(text)))


def _play(_plan: Plan, installed: Installation, _process: int) -> str:
    """Wait until the demo has played both campaigns."""
    _until(lambda: _PLAYED in installed.told(), "The demo has not ended.")
    return "the demo's two campaigns"


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    ends = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > ends:
            raise MeasurementSpoiled(f"{otherwise} It had {_PATIENCE:.0f} s.")
        time.sleep(0.5)


def _beside(name: str, ours: Memory, engine: Memory) -> tuple[Result, Result]:
    return (
        _result(f"{NAME} {name}", ours.resident, engine.resident),
        _result(f"{NAME} {name}, fair", ours.shared_fairly, engine.shared_fairly),
    )


def _result(name: str, ours: int, engine: int) -> Result:
    return Result(name, "MiB", Rounds((ours / _MIB,)), "the engine alone, open on an empty folder",
                  Rounds((engine / _MIB,)))  # fmt: skip
