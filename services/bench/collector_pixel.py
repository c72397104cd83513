"""``collector-pixel``: opens that are on disk, a second, on one core."""

from __future__ import annotations

from schemas.errors import MeasurementSpoiled
from services.bench.contest import Server, contest
from services.bench.installation import Installation
from services.bench.load.loading import put_load
from services.bench.load.order import Order, Tally, write_requests
from services.bench.measured import Measured
from services.bench.plan import Plan
from services.bench.processes import Cores
from services.bench.requests import pixel_requests

NAME = "collector-pixel"
CLIENT = "load of pixels"
_SECONDS = 4.0
_WARM_UP = 1.0


def measure(plan: Plan) -> Measured:
    """The real server and a bare one in turns, asked for pictures by the same load."""
    cores = Cores.split()
    installed = Installation(plan.folder, plan.clock, plan.random)
    requests = plan.folder / "pixels"
    write_requests(requests, pixel_requests(installed, plan))
    seconds = plan.seconds or _SECONDS
    acknowledged = 0

    def load(server: Server, seconds: float = seconds) -> Tally:
        nonlocal acknowledged
        order = Order(
            port=server.port, server=server.process, requests=requests,
            connections=plan.connections or 64, seconds=seconds, cores=cores.load,
        )  # fmt: skip
        tally = put_load(order, plan.folder)
        if server.port == installed.port:
            acknowledged += tally.good
        return tally

    with contest(installed, plan, cores, "pixel", 1, load) as both:
        load(both.ours, min(_WARM_UP, seconds))
        results = both.results(NAME, "bare ASGI pixel on uvicorn", CLIENT, plan.rounds or 5)
    stored = installed.stored_facts()
    if stored != acknowledged:
        raise MeasurementSpoiled(
            f"{acknowledged:,} pictures were acknowledged, {stored:,} opens are in the log."
        )
    return Measured(tuple(results), (
        f"Acknowledged and found in the log afterwards: {acknowledged:,} events.",
        cores.told,
        f"The load does {1 / results[-1].ratio:.1f} times as much against an echo as against the"
        " bare server.",
    ))  # fmt: skip
