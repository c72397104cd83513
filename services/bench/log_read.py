"""``log-read``: events a second out of the log, in order, beside SQLite with the same bytes."""

from __future__ import annotations

from time import perf_counter

from events.log import EventLog
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log, open_vault
from services.bench.bare_sqlite import BareLog
from services.bench.happenings import BATCH
from services.bench.installation import WORKSPACE
from services.bench.measured import Measured
from services.bench.plan import Plan
from services.bench.rounds import in_turns
from services.bench.stock import Stock, fill

NAME = "log-read"
_EVENTS = 200_000
_PAGE = 5000


def measure(plan: Plan) -> Measured:
    """Read all of it, page by page, in turns with the bare driver."""
    log, bare = open_log(plan.folder, plan.clock), BareLog(plan.folder / "bare.db")
    vault = open_vault(plan.folder, plan.random(32), plan.random)
    stock = Stock(plan.mix, log, vault, plan.clock, WORKSPACE)
    requests = fill(log, stock, plan.events or _EVENTS, plan.note)
    count = requests * BATCH
    for number in range(requests):
        bare.append(stock.request(number), BATCH)
    found = in_turns(
        NAME, "events/s", lambda: count / _read(log, count), "bare SQLite, the same rows",
        lambda: count / bare.read(), plan.rounds or 5, plan.note,
    )  # fmt: skip
    for part in (log, bare, vault):
        part.close()
    return Measured((found,), (f"{count:,} events of the mix {plan.mix.name}, read again.",))


def _read(log: EventLog, expected: int) -> float:
    began, count = perf_counter(), 0
    for (topic, partition), end in log.heads().items():
        for start in range(0, end, _PAGE):
            count += len(log.read(topic, partition, start, _PAGE).records)
    spent = perf_counter() - began
    if count != expected:
        raise MeasurementSpoiled(f"{expected:,} events are stored, {count:,} were read.")
    return spent
