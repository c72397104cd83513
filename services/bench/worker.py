"""``worker``: events a second through a worker, beside a Faust agent that does nothing.

The worker is the process that its users start, with the read models on; what it takes the stores is
in its time, since they share the machine. What follows from the events goes to the outbox, and no
relay runs.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from time import perf_counter

import sqlalchemy as sa

from events.kafka.log import KafkaLog
from projections.generations import live_generation
from projections.progress import cursor_of
from schemas.catalogue import Topic
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log
from services.bench.happenings import BATCH
from services.bench.installation import WORKSPACE, free_port
from services.bench.kafka_readers import Read, ReadOrder
from services.bench.machine import python_words
from services.bench.measured import Measured, Result, Rounds
from services.bench.own_stores import environment_of, own_stores
from services.bench.plan import Plan
from services.bench.processes import Meter
from services.bench.stock import Stock, fill
from services.bench.workers import ask_worker
from services.distributed.connecting import (
    broker_of,
    columns_of,
    layout_of,
    store_of,
    vault_of,
)
from services.settings import Settings
from services.stream.sinks import SINKS

NAME = "worker"
_EVENTS = 60_000
_READERS = "services.bench.kafka_readers"
_PATIENCE = 900.0
_DISK = (
    "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active "
    "AND database = {database:String} AND (startsWith(table, 'journal') OR table = 'seen')"
)
_LOOK_SECONDS = 0.02
OURS = ("worker, all projections", "worker, journal alone")
CEILINGS = {"agent": "a Faust agent that does nothing", "aiokafka": "aiokafka and the JSON"}


def measure(plan: Plan) -> Measured:
    """In each round anew: the worker, the journal alone, and both bare readers."""
    count = -(-(plan.events or _EVENTS) // BATCH) * BATCH
    reads: dict[str, list[Read]] = {}
    rounds = plan.rounds or 3
    for number in range(1, rounds + 1):
        for name, read in _round(plan, count):
            reads.setdefault(name, []).append(read)
            plan.note(f"{name}, round {number} of {rounds}: {read.rate:,.0f} events/s")
    results = [result for pair in product(OURS, CEILINGS) for result in _results(reads, *pair)]
    return Measured(tuple(results), (
        f"Mix {plan.mix.name}, {count:,} events, one worker with both sinks; the stores share the"
        " machine, and their processor time is in nobody's figure.",
    ))  # fmt: skip


def _results(reads: dict[str, list[Read]], ours: str, theirs: str) -> Iterator[Result]:
    name, words = f"{ours}, beside {theirs}", CEILINGS[theirs]
    yield Result(
        name, "events/s", Rounds(tuple(one.rate for one in reads[ours])), words,
        Rounds(tuple(one.rate for one in reads[theirs])),
    )  # fmt: skip
    yield Result(
        f"{name}, by processor time", "events/CPU s",
        Rounds(tuple(one.busy_rate for one in reads[ours])), words,
        Rounds(tuple(one.busy_rate for one in reads[theirs])),
    )  # fmt: skip


def _round(plan: Plan, count: int) -> Iterator[tuple[str, Read]]:
    """All readers, one after the other, on the same topics."""
    with own_stores(plan.random, plan.note) as settings:
        _fill(plan, settings, count)
        yield OURS[0], _followed(plan, settings, count)
        plan.note(f"The journal takes {_disk(settings) / count:,.0f} bytes an event on disk")
        environment = environment_of(settings)
        for name, reader in ((OURS[1], "journal"), *((name, name) for name in CEILINGS)):
            order = ReadOrder(reader=reader, count=count)
            yield name, ask_worker(_READERS, order, Read, plan.folder, _PATIENCE, environment)


def _disk(settings: Settings) -> int:
    """The bytes of the journal in all its orders, and of the list of ids."""
    columns = columns_of(settings)
    (found,) = columns.query(_DISK, {"database": columns.database}).to_pylist()
    columns.close()
    return int(found["bytes"])


def _fill(plan: Plan, settings: Settings, count: int) -> None:
    ids = plan.folder / f"{settings.kafka_prefix}ids.db"
    log = KafkaLog(broker_of(settings), layout_of(settings), ids, plan.clock)
    small = open_log(plan.folder / settings.kafka_prefix, plan.clock)
    store = store_of(settings)
    vault = vault_of(settings, store, plan.random)
    fill(log, Stock(plan.mix, small, vault, plan.clock, WORKSPACE), count, plan.note)
    for part in (log, small, vault):
        part.close()
    store.dispose()


def _followed(plan: Plan, settings: Settings, count: int) -> Read:
    """What the worker takes from the first page that both sinks have applied to the last."""
    store = store_of(settings)
    with _worker(plan, settings) as process:
        first = _awaited(store, 1, process)
        if first >= count:
            raise MeasurementSpoiled(f"{count:,} events were applied at once. Give it more.")
        meter, began = Meter(process.pid), perf_counter()
        _awaited(store, count, process)
        seconds, processor = perf_counter() - began, sum(meter.spent().values())
    store.dispose()
    return Read(events=count - first, seconds=seconds, processor=processor)


@contextmanager
def _worker(plan: Plan, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    told = plan.folder / "worker.log"
    environment = environment_of(settings, PORT=str(free_port()), DATA=str(plan.folder / "worker"))
    with told.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - the words are ours
            python_words("services.cli", "worker"), env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _awaited(store: sa.Engine, least: int, process: subprocess.Popen[bytes]) -> int:
    """How many facts both sinks have applied, once they are so many."""
    ends = time.monotonic() + _PATIENCE
    while (found := min(_facts(store))) < least:
        if time.monotonic() > ends or process.poll() is not None:
            raise MeasurementSpoiled(f"The worker has applied {found:,} of {least:,} events.")
        time.sleep(_LOOK_SECONDS)
    return found


def _facts(store: sa.Engine) -> list[int]:
    with store.begin() as connection:
        generation = live_generation(store)
        cursors = [cursor_of(connection, sink, generation) for sink in SINKS]
    return [
        sum(offset for (topic, _), offset in one.items() if topic is Topic.FACTS) for one in cursors
    ]
