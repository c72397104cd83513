"""A worker: builds a generation beside the live one; or decodes its log, and inserts its rows."""

from __future__ import annotations

import os
import time
from pathlib import Path
from time import perf_counter, process_time

from pydantic import BaseModel

from events.codec import decode, payload_of
from projections.replay.generation import State
from projections.replay.growing import PAGE
from schemas.clock import system_clock, system_random
from schemas.errors import MeasurementSpoiled
from services.bench.alone import open_log
from services.bench.bare_sqlite import copy_rows
from services.bench.processes import Meter
from services.bench.workers import answer_order
from services.bootstrap import open_embedded
from services.settings import Settings

_LOOK_EVERY = 0.02
_SHORTEST = 0.01  # the kernel's tick: a shorter time cannot be told from none


class ReplayOrder(BaseModel):
    """A data folder that was digested. ``bare`` has to come before a generation is added to it."""

    data: Path
    master_key: str
    seconds: float
    bare: bool = False


class Replayed(BaseModel):
    """Events, and the seconds they took: by the clock, and of processor time of all processes."""

    events: int
    seconds: float
    processor: float
    rows: int = 0

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def busy_rate(self) -> float:
        """Events a second of processor time."""
        return self.events / max(self.processor, _SHORTEST)


def carry_out(order: ReplayOrder) -> Replayed:
    """Build a generation, or decode and insert."""
    return _bare(order) if order.bare else _built(order)


def _built(order: ReplayOrder) -> Replayed:
    settings = Settings.model_validate({"data": order.data, "master_key": order.master_key})
    with open_embedded(settings, clock=system_clock, random=system_random) as embedded:
        embedded.start()
        embedded.parts.reads.wait_for(embedded.parts.log.heads(), order.seconds)
        meter, began = Meter(os.getpid()), perf_counter()
        one = embedded.replays.begin()
        while one.generation.state is State.BUILDING:
            if perf_counter() - began > order.seconds:
                raise MeasurementSpoiled(f"{one.done:,} of {one.total:,} after {order.seconds} s.")
            time.sleep(_LOOK_EVERY)
            one = embedded.replays.replays()[-1]
        seconds, processor = perf_counter() - began, sum(meter.spent().values())
        if one.generation.state is not State.READY:
            raise MeasurementSpoiled(f"It is {one.generation.state}: {one.generation.trouble}")
        return Replayed(events=one.total, seconds=seconds, processor=processor)


def _bare(order: ReplayOrder) -> Replayed:
    log = open_log(order.data, system_clock)
    events, began, busy = 0, perf_counter(), process_time()
    for (topic, partition), end in log.heads().items():
        for start in range(0, end, PAGE):
            for record in log.read(topic, partition, start, PAGE).records:
                payload_of(decode(record))
                events += 1
    seconds = perf_counter() - began
    target = order.data / "bare-rows.db"
    rows, spent = copy_rows(order.data / "rows.db", target, max(1, events // PAGE))
    processor = process_time() - busy
    log.close()
    target.unlink()
    return Replayed(events=events, seconds=seconds + spent, processor=processor, rows=rows)


if __name__ == "__main__":
    answer_order(ReplayOrder, carry_out)
