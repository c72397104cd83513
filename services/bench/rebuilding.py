"""A worker: fills a journal inside the engine, then rebuilds entity rows beside a bare GROUP BY."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

from pydantic import BaseModel

from projections.entities.ranges import workers
from projections.entities.refresh import Entities
from projections.stores.columns import Columns
from projections.stores.tables import ENTITY_COLUMNS
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_columns
from services.bench.journal_fill import WORKSPACE, fill
from services.bench.mix import Mix
from services.bench.processes import peak_memory, reset_peak
from services.bench.workers import answer_order

_GENERATION = 1


class RebuildOrder(BaseModel):
    """How many events, and how often."""

    folder: Path
    events: int
    rounds: int
    mix: Mix


class Pass(BaseModel):
    """One way through all events: its time, its processor time, and the most memory meanwhile."""

    seconds: float
    processor: float
    peak: int


class Rebuilt(BaseModel):
    """Rebuilds and bare ones in turns, over so many events, to so many rows."""

    events: int
    messages: int
    filled_seconds: float
    ours: list[Pass]
    bare: list[Pass]


def carry_out(order: RebuildOrder) -> Rebuilt:
    """Fill once, then measure in turns."""
    columns = open_columns(order.folder)
    began = perf_counter()
    fill(columns, order.events, order.mix)
    filled = perf_counter() - began
    here: dict[str, str | int] = {"workspace": WORKSPACE}
    ours, bare, messages = [], [], 0
    for number in range(1, order.rounds + 1):
        _forget(columns)
        entities = Entities(columns, _GENERATION, number)
        with workers() as pool:
            ours.append(_timed(columns, partial(entities.rebuild, WORKSPACE, pool)))
        messages = _count(columns, "count()", "message_row")
        bare.append(_timed(columns, lambda: [columns.run(sql, here) for sql in _BARE]))
    events = _count(columns, "count()", "journal")
    columns.close()
    if not messages:
        raise MeasurementSpoiled("The rebuild made no rows of messages.")
    return Rebuilt(
        events=events, messages=messages, filled_seconds=filled, ours=ours, bare=bare
    )  # fmt: skip


def _timed(columns: Columns, work: Callable[[], object]) -> Pass:
    # What the one before has freed is still the process's own, and would count for this one.
    columns.run("SYSTEM JEMALLOC PURGE")
    reset_peak()
    began, busy = perf_counter(), process_time()
    work()
    return Pass(
        seconds=perf_counter() - began, processor=process_time() - busy, peak=peak_memory()
    )  # fmt: skip


def _forget(columns: Columns) -> None:
    for name in ENTITY_COLUMNS:
        columns.run(f"TRUNCATE TABLE {name}")


def _count(columns: Columns, what: str, table: str) -> int:
    return int(columns.query(f"SELECT {what} AS n FROM {table}").column("n").to_pylist()[0])


# The same columns of the same events brought together by message and by form: no verdicts, no
# clusters, no rank of notices, and nothing is stored.
_BARE = (
    """SELECT message_key, any(message_id), any(person), any(activity_id),
    any(content_version_id), any(batch_id), any(line), any(precision), any(reason), max(final),
    any(link_id), sum(attempts), sum(duration_s), max(test), any(event_id),
    minIf(occurred_at, type = 'email.sent'), minIf(occurred_at, type = 'email.delivered'),
    minIf(occurred_at, type = 'email.opened'), minIf(occurred_at, type = 'email.clicked')
    FROM journal_by_message WHERE workspace = {workspace:String} GROUP BY message_key""",
    """SELECT object_id, person, minIf(occurred_at, type = 'form.visited'),
    minIf(occurred_at, type = 'form.submitted'), count(), any(event_id), max(test)
    FROM journal_by_person WHERE workspace = {workspace:String}
    AND type IN ('form.visited', 'form.submitted') GROUP BY object_id, person""",
)


if __name__ == "__main__":
    answer_order(RebuildOrder, carry_out)
