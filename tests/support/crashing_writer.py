"""A process that appends without end and says what was acknowledged, until someone kills it.

``python -m tests.support.crashing_writer FILE FIRST``
"""

from __future__ import annotations

import sys
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from events.log import Appended
from events.sqlite import SqliteLog
from schemas.clock import system_clock
from tests.support.records import record

IN_FLIGHT = 16


def main(file: str, first: str) -> None:
    """Append calls of two records; print ``number partition offset`` for each acknowledged one."""
    log = SqliteLog(Path(file), system_clock)
    waiting: deque[tuple[int, Future[Appended]]] = deque()
    number = int(first)
    while True:
        some = [record(n, key=f"demo:{n % 5}") for n in (number, number + 1)]
        waiting.append((number, log.append(some)))
        number += 2
        if len(waiting) > IN_FLIGHT:
            tell(*waiting.popleft())


def tell(number: int, answer: Future[Appended]) -> None:
    """One line for each record of a call, once it is durable."""
    for n, place in enumerate(answer.result().positions):
        sys.stdout.write(f"{number + n} {place.partition} {place.offset}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
