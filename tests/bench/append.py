"""How many events a second the embedded log takes, beside what bare SQLite takes.

``python -m tests.bench.append [SECONDS]`` prints one line per case. Both sides write WAL with full
sync into a file on the same disk; bare SQLite is one table and ``executemany`` in a transaction.
"""

from __future__ import annotations

import platform
import sqlite3
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from events.log import Appended, Record
from events.sqlite import SqliteLog
from schemas.catalogue import Topic
from schemas.clock import random_id, system_clock, system_random

DATA = b'{"message_id":"3f0b1c52-7d7e-4a51-9a3f-0c6d5e1b2a08","hit":{"user_agent":"' + b"x" * 110
HEAD = b'{"workspace":"demo","producer":"bench","received":"2026-10-14T17:46:40.000Z"}'
DIGEST = bytes(16)


@dataclass(frozen=True, slots=True)
class Case:
    """One way to append: calls of ``batch`` records, ``in_flight`` of them at a time."""

    name: str
    batch: int
    in_flight: int
    fresh: bool


CASES = (
    Case("one at a time, each waited for", 1, 1, fresh=False),
    Case("one at a time, 64 callers", 1, 64, fresh=False),
    Case("one at a time, 64 callers, random ids", 1, 64, fresh=True),
    Case("batches of 100", 100, 1, fresh=False),
    Case("batches of 1000", 1000, 1, fresh=False),
    Case("batches of 1000, random ids", 1000, 1, fresh=True),
)


def records(batch: int, fresh: bool) -> list[Record]:
    """Records as the doors make them: 180 bytes of data, keys of many people."""
    return [
        Record(
            topic=Topic.FACTS,
            key=f"demo:{(made := random_id(system_random)).hex}",
            event_id=made,
            type="email.opened.v1",
            head=HEAD,
            data=DATA,
            digest=DIGEST,
            fresh=fresh,
        )
        for _ in range(batch)
    ]


def prepared(batch: int, fresh: bool) -> Iterator[list[Record]]:
    """Batches without end, made ahead in stock, so that making them is not measured."""
    while True:
        yield from [records(batch, fresh) for _ in range(max(1, 20_000 // batch))]


def log_rate(case: Case, folder: Path, seconds: float) -> float:
    """Events a second through ``SqliteLog``."""
    log = SqliteLog(folder / "log.db", system_clock)
    waiting: deque[Future[Appended]] = deque()

    def append(some: list[Record]) -> None:
        waiting.append(log.append(some))
        while len(waiting) >= case.in_flight:
            waiting.popleft().result()

    rate = rate_of(append, case, seconds)
    log.close()
    return rate


def bare_rate(case: Case, folder: Path, seconds: float) -> float:
    """Events a second into one table of bare SQLite, ``batch`` a transaction."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE log (id BLOB, type TEXT, key TEXT, head BLOB, data BLOB)")

    def append(some: list[Record]) -> None:
        rows = [(r.event_id.bytes, r.type, r.key, r.head, r.data) for r in some]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")

    rate = rate_of(append, case, seconds)
    connection.close()
    return rate


def rate_of(append: Callable[[list[Record]], None], case: Case, seconds: float) -> float:
    """Events a second, counting only the time inside ``append``."""
    spent, done = 0.0, 0
    for some in prepared(case.batch, case.fresh):
        start = perf_counter()
        append(some)
        spent += perf_counter() - start
        done += len(some)
        if spent >= seconds:
            return done / spent
    raise AssertionError("Batches have no end.")


def main(seconds: float) -> None:
    """Measure every case and print the table."""
    sys.stdout.write(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}\n")
    sys.stdout.write(f"{'events/s':<40}{'log':>10}{'bare':>10}{'ratio':>8}\n")
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            log, bare = (rate(case, Path(name), seconds) for rate in (log_rate, bare_rate))
        sys.stdout.write(f"{case.name:<40}{log:>10,.0f}{bare:>10,.0f}{log / bare:>8.2f}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
