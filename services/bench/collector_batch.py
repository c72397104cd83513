"""``collector-batch``: events in batches of 100 that are on disk, a second, on one core."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log
from services.bench.contest import Server, contest
from services.bench.happenings import BATCH, block_count
from services.bench.installation import WORKSPACE, Installation
from services.bench.load.loading import put_load
from services.bench.load.order import Order, Tally, write_requests
from services.bench.measured import Measured
from services.bench.plan import Plan
from services.bench.processes import Cores
from services.bench.requests import batch_requests
from services.bench.stock import Stock, fill, make_keys

NAME = "collector-batch"
CLIENT = "load of batches"
_LONGEST_ROUND = 900.0
_CEILING_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class _Span:
    """Between how many stored events it is measured, in how many rounds."""

    first: int
    last: int
    rounds: int

    @classmethod
    def of(cls, plan: Plan) -> _Span:
        first = plan.first or (2_000_000 if plan.full else 50_000)
        last = plan.last or (5_000_000 if plan.full else first + 100_000)
        return cls(first, max(last, first + BATCH), plan.rounds or (10 if plan.full else 5))

    @property
    def requests_a_round(self) -> int:
        return max(1, (self.last - self.first) // BATCH // self.rounds)


def measure(plan: Plan) -> Measured:
    """Fill the log to where it begins, then the real server and a bare one in turns."""
    span, cores = _Span.of(plan), Cores.split()
    installed = Installation(plan.folder, plan.clock, plan.random)
    requests = plan.folder / "batches"
    write_requests(requests, batch_requests(installed, plan))
    number, people = _filled(installed, plan, span)
    before, accepted = installed.stored_facts(), 0

    def load(server: Server) -> Tally:
        nonlocal number, accepted
        ours = server.port == installed.port
        order = Order(
            port=server.port, server=server.process, requests=requests,
            connections=plan.connections or 16,
            seconds=plan.seconds or (_LONGEST_ROUND if ours else _CEILING_SECONDS),
            cores=cores.load, status=202, at_most=span.requests_a_round if ours else None,
            first=number, blocks=block_count(plan.mix), counts_accepted=True,
        )  # fmt: skip
        tally = put_load(order, plan.folder)
        number += tally.sent
        accepted += tally.accepted if ours else 0
        return tally

    with contest(installed, plan, cores, "events", BATCH, load) as both:
        results = both.results(NAME, "bare ASGI that reads the JSON", CLIENT, span.rounds)
    stored = installed.stored_facts()
    if stored - before != accepted:
        raise MeasurementSpoiled(
            f"{accepted:,} events were acknowledged, {stored - before:,} more are in the log."
        )
    return Measured(tuple(results), (
        f"Between {before:,} and {stored:,} stored facts, mix {plan.mix.name}, batches of {BATCH},"
        f" {people:,} people with keys; all acknowledged events are in the log.",
        cores.told,
    ))  # fmt: skip


def _filled(installed: Installation, plan: Plan, span: _Span) -> tuple[int, int]:
    """The number of the next request, and of the people whose keys are made."""
    log = open_log(installed.data, plan.clock)
    with installed.vault() as vault:
        stock = Stock(plan.mix, log, vault, plan.clock, WORKSPACE)
        began = plan.clock()
        number = fill(log, stock, span.first, plan.note)
        spent = max(plan.clock() - began, 1) / 1000
        plan.note(f"{span.first:,} events stored beforehand, {span.first / spent:,.0f} a second")
        people = make_keys(vault, plan.mix, WORKSPACE, number)
    log.close()
    return number, people
