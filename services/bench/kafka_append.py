"""``kafka-append``: events a second into the log on Kafka, beside the bare client, same bytes."""

from __future__ import annotations

from functools import partial

from events.kafka.log import KafkaLog
from events.kafka.records import headers_of, size_of
from schemas.catalogue import Topic
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log, open_vault
from services.bench.bare_kafka import BareKafka
from services.bench.installation import WORKSPACE
from services.bench.log_append import Case, endless
from services.bench.measured import Measured
from services.bench.own_stores import own_topics
from services.bench.plan import Plan
from services.bench.rounds import in_turns
from services.bench.stock import Stock
from services.distributed.connecting import broker_of, layout_of

NAME = "kafka-append"
_EVENTS = 20_000
_SIZED = 50
CASES = (
    Case("kafka-append-1, 64 callers", 1, 64),
    Case("kafka-append-100, 16 callers", 100, 16),
    Case("kafka-append-1000", 1000, 1),
)
CEILINGS = (("the same headers", True), ("no headers", False))


def measure(plan: Plan) -> Measured:
    """Each case in turns with the bare client, which waits for as many at once."""
    settings = own_topics(plan.random, plan.note)
    broker, layout = broker_of(settings), layout_of(settings)
    log = KafkaLog(broker, layout, plan.folder / "ids.db", plan.clock)
    small = open_log(plan.folder, plan.clock)
    vault = open_vault(plan.folder, plan.random(32), plan.random)
    stock = Stock(plan.mix, small, vault, plan.clock, WORKSPACE)
    events = endless(stock)
    count, rounds = plan.events or _EVENTS, plan.rounds or 5
    results = []
    for with_what, headers in CEILINGS:
        bare = BareKafka(broker, layout, headers=headers)
        results += [
            in_turns(
                f"{case.name}, beside {with_what}", "events/s",
                partial(case.append, log, events, count), f"kafka-python with {with_what}",
                partial(bare.rate, events, count, case.at_once), rounds, plan.note,
            )
            for case in CASES
        ]  # fmt: skip
        bare.close()
    stored = sum(offset for (topic, _), offset in log.heads().items() if topic is Topic.FACTS)
    for part in (log, small, vault):
        part.close()
    if stored != count * len(results) * rounds:
        raise MeasurementSpoiled(f"{stored:,} events are in the log, which is not what was sent.")
    return Measured(tuple(results), (
        f"Mix {plan.mix.name}; idempotent, all replicas in sync waited for, on both sides.",
        f"An event takes {_size(stock):,.0f} bytes in Kafka, before replicas and compression.",
    ))  # fmt: skip


def _size(stock: Stock) -> float:
    """The bytes of an event of the mix, with its headers."""
    records = [record for number in range(_SIZED) for record in stock.request(number)]
    return sum(size_of(record, headers_of(record)) for record in records) / len(records)
