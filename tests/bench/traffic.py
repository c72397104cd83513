"""What the sinks cost on traffic: ``python -m tests.bench.traffic [EVENTS [PAGE]]``.

Most events are opens, clicks and page views; some are sendings, deliveries and forms. Prints events
per second of each sink alone, and the median and 95th percentile of a step.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from events.log import Record
from projections.columns_sink import ColumnsSink
from projections.rows_sink import RowsSink
from tests.support import campaign as c
from tests.support.world import World

PEOPLE = 4000
AGENTS = (c.BROWSER, c.BROWSER, c.BROWSER, c.CRAWLER, "Mozilla/5.0", "")


def traffic(world: World, events: int, start: int, random: Random) -> Iterator[Record]:
    """A mix as a landing page and a mailing of a day make it."""
    for number in range(events):
        at, person = start + number * 20, random.randrange(PEOPLE)
        kind = random.random()
        if kind < 0.35:
            yield c.opened(world, person, at, random.choice(AGENTS), str(number))
        elif kind < 0.55:
            yield c.clicked(world, person, at, random.choice(c.LINKS), random.choice(AGENTS))
        elif kind < 0.80:
            data = {"url": "https://example.com/", "visitor_id": str(c.visitor(person)),
                    "hit": c.hit()}  # fmt: skip
            yield world.fact("page.viewed", data, f"view-{number}", at=at)
        elif kind < 0.90:
            yield c.sent(world, PEOPLE + number, at)[0]
        elif kind < 0.97:
            yield c.form_seen(world, person, at)
        else:
            yield c.form_sent(world, person, at)


def timed(step: Callable[[], bool]) -> list[float]:
    """The seconds of every step until there is nothing left."""
    times: list[float] = []
    while True:
        began = time.perf_counter()
        if not step():
            return times
        times.append(time.perf_counter() - began)


def report(name: str, events: int, times: list[float]) -> None:
    """One line about a sink."""
    times.sort()
    half, most = times[len(times) // 2], times[int(len(times) * 0.95)]
    sys.stdout.write(
        f"{name}: {events / sum(times):8,.0f} events/s, {len(times)} steps, "
        f"median {half * 1000:.0f} ms, p95 {most * 1000:.0f} ms\n"
    )


def main(events: int, page: int) -> None:
    """Set the campaign up, then measure each sink on the traffic after it."""
    random = Random(7)  # noqa: S311 - the same traffic in every run
    with tempfile.TemporaryDirectory() as folder, World(Path(folder)) as world:
        start = world.clock() - 3_600_000
        world.append(*c.planned(world))
        for number in range(PEOPLE):
            world.append(c.contact(world, number), *c.sent(world, number, start - 86_400_000))
        world.clock.advance(10_000)
        world.run()
        before = world.log.heads().total
        records = list(traffic(world, events, start, random))
        for place in range(0, len(records), 500):
            world.append(*records[place : place + 500])
            world.clock.advance(250)
        measured = world.log.heads().total - before
        sinks: tuple[tuple[str, RowsSink | ColumnsSink], ...] = (
            ("rows", world.rows_sink), ("columns", world.columns_sink),
        )  # fmt: skip
        profile = cProfile.Profile() if os.environ.get("PROFILE") else None
        for name, sink in sinks:
            if profile and os.environ["PROFILE"] == name:
                profile.enable()
            report(name, measured, timed(partial(sink.step, page)))
            if profile:
                profile.disable()
        world.relay.send()
        verdicts = world.log.heads().total - before - measured
        report("rows, verdicts", verdicts, timed(partial(world.rows_sink.step, page)))
        report("columns, verdicts", verdicts, timed(partial(world.columns_sink.step, page)))
        if profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main(*(int(text) for text in (*sys.argv[1:], "10000", "5000")[:2]))
