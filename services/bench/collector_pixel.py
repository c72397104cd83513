"""``collector-pixel``: opens that are on disk, a second, on one core."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path

from schemas.errors import MeasurementSpoiled
from services.bench.installation import Installation, free_port, started
from services.bench.load.loading import put_load
from services.bench.load.order import Order, Tally, write_requests
from services.bench.machine import python_words
from services.bench.measured import Measured, Result
from services.bench.plan import Plan
from services.bench.processes import Cores, held_still
from services.bench.requests import pixel_requests
from services.bench.rounds import in_turns

NAME = "collector-pixel"
CLIENT = "load of pixels"
_WARM_UP = 1.0


def measure(plan: Plan) -> Measured:
    """The real server and a bare one in turns, asked for pictures by the same load."""
    cores = Cores.split()
    installed = Installation(plan.folder, plan.clock, plan.random)
    requests = plan.folder / "pixels"
    write_requests(requests, pixel_requests(installed, plan))
    bare, echo = free_port(), free_port()
    acknowledged = 0
    with ExitStack() as stack:
        for name, port in (("pixel", bare), ("echo", echo)):
            words = python_words("services.bench.bare_server", name, str(port))
            stack.enter_context(started(words, port, cores.server, plan.folder / f"{name}.log"))
        process = stack.enter_context(installed.serving(cores.server))
        load = partial(_load, plan, requests, cores.load)

        def ours() -> float:
            nonlocal acknowledged
            tally = load(installed.port)
            acknowledged += tally.good
            return tally.rate

        def others(port: int) -> float:
            with held_still(process):  # it still digests what it was sent
                return load(port).rate

        acknowledged += load(installed.port, min(_WARM_UP, plan.seconds or _WARM_UP)).good
        rounds = plan.rounds or 5
        found = in_turns(NAME, "events/s", ours, "bare ASGI pixel on uvicorn",
                         partial(others, bare), rounds, plan.note)  # fmt: skip
        client = in_turns(CLIENT, "requests/s", partial(others, bare), "echo over bare sockets",
                          partial(others, echo), max(1, rounds // 2), plan.note)  # fmt: skip
    _check(installed.stored_facts(), acknowledged)
    return Measured((found, client), _remarks(cores, acknowledged, client))


def _load(
    plan: Plan, requests: Path, cores: frozenset[int], port: int, seconds: float | None = None
) -> Tally:
    order = Order(
        port=port,
        requests=requests,
        connections=plan.connections or 64,
        seconds=seconds or plan.seconds or 4.0,
        cores=cores,
    )
    return put_load(order, plan.folder)


def _check(stored: int, acknowledged: int) -> None:
    if stored != acknowledged:
        raise MeasurementSpoiled(
            f"{acknowledged:,} pictures were acknowledged, {stored:,} opens are in the log."
        )


def _remarks(cores: Cores, acknowledged: int, client: Result) -> tuple[str, ...]:
    shared = " The load shares the server's core." if cores.server & cores.load else ""
    return (
        f"Acknowledged and found in the log afterwards: {acknowledged:,} events.",
        f"The server has core {min(cores.server)}, with projections and metrics on;"
        f" the load has {len(cores.load)} other(s).{shared}",
        f"The load alone does {client.ceiling:,.0f} requests/s against an echo,"
        f" {1 / client.ratio:.1f} times what it asks of the bare server.",
    )
