"""``log-append``: events a second into the log, beside SQLite with the same bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from events.log import Appended, EventLog, Record
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log, open_vault
from services.bench.bare_sqlite import BareLog
from services.bench.installation import WORKSPACE
from services.bench.measured import Measured, Result
from services.bench.plan import Plan
from services.bench.rounds import in_turns
from services.bench.stock import Stock

NAME = "log-append"
_EVENTS = 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """Calls of ``batch`` records, ``in_flight`` of them at a time."""

    name: str
    batch: int
    in_flight: int
    fresh: bool = False
    share: int = 1  # one in so many of the events asked for: slow cases need no more

    @property
    def at_once(self) -> int:
        """How many records can be in one commit."""
        return self.batch * self.in_flight

    def count(self, plan: Plan) -> int:
        """How many events a round appends."""
        return max(1, (plan.events or _EVENTS) // self.share)

    def append(self, log: EventLog, events: Iterator[Record], count: int) -> float:
        """Append some; answers how many a second."""
        taken = list(islice(events, count))
        if self.fresh:
            taken = [record._replace(fresh=True) for record in taken]
        return count / _append_all(log, taken, self)


CASES = (
    Case("log-append-1, each waited for", 1, 1, share=20),
    Case("log-append-1, 64 callers, ids just drawn", 1, 64, fresh=True),
    Case("log-append-1, 64 callers", 1, 64),
    Case("log-append-100", 100, 1),
    Case("log-append-1000", 1000, 1),
    Case("log-append-1000, ids just drawn", 1000, 1, fresh=True),
)


def measure(plan: Plan) -> Measured:
    """Each case in turns with the bare driver; both files grow."""
    log, bare = open_log(plan.folder, plan.clock), BareLog(plan.folder / "bare.db")
    vault = open_vault(plan.folder, plan.random(32), plan.random)
    events = endless(Stock(plan.mix, log, vault, plan.clock, WORKSPACE))
    results = tuple(_case(case, log, bare, events, plan) for case in CASES)
    stored = log.heads().total
    for part in (log, bare, vault):
        part.close()
    expected = sum(case.count(plan) for case in CASES) * (plan.rounds or 5)
    if stored != expected:
        raise MeasurementSpoiled(f"{expected:,} events were appended, {stored:,} are stored.")
    remark = f"Mix {plan.mix.name}; WAL and full sync on both sides; at the end {stored:,} events."
    return Measured(results, (remark,))


def _case(
    case: Case, log: EventLog, bare: BareLog, events: Iterator[Record], plan: Plan
) -> Result:  # fmt: skip
    count = case.count(plan)
    return in_turns(
        case.name, "events/s", lambda: case.append(log, events, count),
        f"bare SQLite, {case.at_once} a commit",
        lambda: count / bare.append(list(islice(events, count)), case.at_once),
        plan.rounds or 5, plan.note,
    )  # fmt: skip


def _append_all(log: EventLog, records: Sequence[Record], case: Case) -> float:
    """The seconds until all are answered."""
    batches = [records[at : at + case.batch] for at in range(0, len(records), case.batch)]
    waiting: deque[Future[Appended]] = deque()
    began = perf_counter()
    for batch in batches:
        if len(waiting) >= case.in_flight:
            waiting.popleft().result()
        waiting.append(log.append(batch))
    for answer in waiting:
        answer.result()
    return perf_counter() - began


def endless(stock: Stock) -> Iterator[Record]:
    """Records of one request after the other."""
    number = 0
    while True:
        yield from stock.request(number)
        number += 1
