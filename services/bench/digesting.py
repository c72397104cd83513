"""A worker: has the runner digest a prepared log with both sinks, or the bare stores its rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

from pydantic import BaseModel

from events.codec import decode
from events.log import EventLog, StoredRecord
from projections.columns.arrow import to_table
from projections.columns.journal import journal_row
from projections.runner import PAGE
from projections.stores.tables import JOURNAL_COLUMNS
from schemas.clock import system_clock, system_random
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log
from services.bench.bare_chdb import BareColumns
from services.bench.bare_sqlite import copy_rows
from services.bench.processes import Meter
from services.bench.workers import answer_order
from services.bootstrap import open_embedded
from services.settings import Settings

_JOURNAL_ORDER = "(workspace, type, toStartOfHour(recorded_at), event_id)"


class DigestOrder(BaseModel):
    """A data folder to digest; or one that was digested, whose rows ``bare`` stores are given."""

    data: Path
    master_key: str
    seconds: float
    bare: bool = False


class Digested(BaseModel):
    """How many events that were, and how long it took; of bare stores, each by itself.

    ``processor`` are the seconds of processor time: of all our processes, or of both bare stores.
    """

    events: int
    processor: float
    seconds: float = 0.0
    columns_seconds: float = 0.0
    rows: int = 0
    rows_seconds: float = 0.0


def carry_out(order: DigestOrder) -> Digested:
    """Digest, or insert."""
    return _inserted(order) if order.bare else _digested(order)


def _digested(order: DigestOrder) -> Digested:
    settings = Settings.model_validate({"data": order.data, "master_key": order.master_key})
    with open_embedded(settings, clock=system_clock, random=system_random) as embedded:
        heads = embedded.parts.log.heads()
        meter, began = Meter(os.getpid()), perf_counter()
        embedded.start()
        embedded.parts.reads.wait_for(heads, order.seconds)
        seconds, processor = perf_counter() - began, sum(meter.spent().values())
        return Digested(events=heads.total, seconds=seconds, processor=processor)


def _inserted(order: DigestOrder) -> Digested:
    log = open_log(order.data, system_clock)
    bare = BareColumns(order.data / "bare-columns", JOURNAL_COLUMNS, _JOURNAL_ORDER)
    events, spent, processor = 0, 0.0, 0.0
    for page in _pages(log):
        table = to_table(JOURNAL_COLUMNS, [journal_row(decode(record)) for record in page])
        events += table.num_rows
        busy = process_time()
        spent += bare.insert(table)
        processor += process_time() - busy
    if bare.count() != events:
        raise MeasurementSpoiled(f"The bare table has {bare.count():,} rows, not {events:,}.")
    busy = process_time()
    rows, rows_spent = copy_rows(
        order.data / "rows.db", order.data / "bare-rows.db", max(1, events // PAGE)
    )
    processor += process_time() - busy
    bare.close()
    log.close()
    return Digested(
        events=events, processor=processor, columns_seconds=spent, rows=rows,
        rows_seconds=rows_spent,
    )  # fmt: skip


def _pages(log: EventLog) -> Iterator[list[StoredRecord]]:
    """All records of the log, a page at a time as large as the runner's."""
    waiting: list[StoredRecord] = []
    for (topic, partition), end in log.heads().items():
        for start in range(0, end, PAGE):
            waiting += log.read(topic, partition, start, PAGE).records
            while len(waiting) >= PAGE:
                yield waiting[:PAGE]
                del waiting[:PAGE]
    if waiting:
        yield waiting


if __name__ == "__main__":
    answer_order(DigestOrder, carry_out)
