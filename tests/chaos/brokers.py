"""Three brokers, one after the other killed under a steady load: nothing acknowledged is lost.

``python -m tests.chaos.brokers --kills 10`` prints what it has seen, and 1 fault or more as exit 1.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from events.kafka.broker import Broker
from events.kafka.log import KafkaLog
from events.kafka.topics import Layout, create
from events.log import Appended, Record
from events.spool import SpooledLog
from events.spool_file import SpoolFile
from schemas.catalogue import Topic
from schemas.clock import random_id, system_clock, system_random
from schemas.errors import LogUnavailable
from tests.support.kafka.cluster import Cluster, running
from tests.support.kafka.jars import jars
from tests.support.records import record, stored
from tests.support.waiting import until

_CALL = 20
_EVERY_SECONDS = 0.04  # 500 events/s beside three brokers on two cores
_LAYOUT = Layout(partitions=8, replicas=3)
_SPOOL = 1 << 28


@dataclass
class Seen:
    """What the load was answered. ``slowest`` and ``away`` are seconds."""

    accepted: list[UUID] = field(default_factory=list)
    refused: int = 0
    pending: int = 0
    slowest: float = 0.0
    away: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Load:
    """Calls at a steady rate, from one thread; answers come in others."""

    def __init__(self, log: SpooledLog) -> None:
        self.seen = Seen()
        self._log = log
        self._lock = threading.Lock()
        self._left = threading.Semaphore(0)
        self._calls = 0
        self._stop = threading.Event()
        self._direct_at = time.monotonic()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def stop(self) -> Seen:
        """Send no more, and wait for all answers."""
        self._stop.set()
        self._thread.join()
        for _ in range(self._calls):
            self._left.acquire()
        return self.seen

    def mark(self) -> None:
        """From now on, how long until the log itself answers again is measured anew."""
        with self._lock:
            self.seen.away.append(0.0)

    def _send(self) -> None:
        due = time.monotonic()
        for number in itertools.count():
            if self._stop.is_set():
                return
            some = [_event(number * _CALL + n) for n in range(_CALL)]
            self._calls += 1
            self._log.append(some).add_done_callback(partial(self._told, some, time.monotonic()))
            due += _EVERY_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))

    def _told(self, some: list[Record], sent: float, answer: Future[Appended]) -> None:
        now, error = time.monotonic(), answer.exception()
        with self._lock:
            self.seen.slowest = max(self.seen.slowest, now - sent)
            if isinstance(error, LogUnavailable):
                self.seen.refused += len(some)
            elif error is not None:
                self.seen.faults.append(f"{type(error).__name__}: {error}")
            else:
                self.seen.accepted.extend(r.event_id for r in some)
                self._note(answer.result(), len(some), now)
        self._left.release()

    def _note(self, appended: Appended, count: int, now: float) -> None:
        if appended.pending is not None:
            self.seen.pending += count
            return
        if self.seen.away:
            self.seen.away[-1] = max(self.seen.away[-1], now - self._direct_at)
        self._direct_at = now


def _event(number: int) -> Record:
    # One in two is of the kind whose id is drawn at random at the door.
    return record(number, key=f"demo:{number % 997}", fresh=number % 2 == 0)


def play(
    cluster: Cluster, folder: Path, kills: int, seed: int, note: Callable[[str], None]
) -> Seen:
    """Kill brokers under load, one at a time; ``faults`` of what is seen is empty if all held."""
    broker, chance = Broker(cluster.bootstrap), random.Random(seed)  # noqa: S311 - repeatable
    create(broker, _LAYOUT)
    log = SpooledLog(
        lambda: KafkaLog(broker, _LAYOUT, folder / "ids.db", system_clock),
        _LAYOUT.partitions, SpoolFile(folder / "spool.db"), _SPOOL, system_clock,
        partial(random_id, system_random),
    )  # fmt: skip
    until(lambda: log.append([record("first")]).result(30).pending is None)
    load = Load(log)
    time.sleep(2)
    for _ in range(kills):
        node = chance.choice(cluster.nodes)
        load.mark()
        node.kill()
        time.sleep(chance.uniform(3, 10))
        node.start()
        node.wait()
        until(lambda: log.waiting().entries == 0, 120)
        time.sleep(chance.uniform(2, 5))
        note(f"node {node.number} was killed; the log was away for {load.seen.away[-1]:.1f} s")
    seen = load.stop()
    until(lambda: log.waiting().entries == 0, 120)
    seen.faults.extend(_unequal(log, seen))
    log.close()
    return seen


def _unequal(log: SpooledLog, seen: Seen) -> list[str]:
    found = Counter(r.event_id for r in stored(log, Topic.FACTS, 5000))
    lost = [identity for identity in seen.accepted if identity not in found]
    doubled = [identity for identity, count in found.items() if count > 1]
    faults = []
    if lost:
        faults.append(f"{len(lost)} acknowledged events are lost, such as {lost[0]}")
    if doubled:
        faults.append(f"{len(doubled)} events are stored twice, such as {doubled[0]}")
    return faults


def told(seen: Seen) -> str:
    """One line of what was seen."""
    away = ", ".join(f"{seconds:.1f}" for seconds in seen.away)
    return (
        f"acknowledged {len(seen.accepted)} events, {seen.pending} of them by the spool; "
        f"refused {seen.refused}; slowest answer {seen.slowest:.1f} s; "
        f"the log away for {away} s; {len(seen.faults)} faults"
    )


def main() -> int:
    """Play as told; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.brokers", description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="answerback-chaos-") as name:
        folder = Path(name)
        with running(folder / "kafka", jars(), nodes=3) as cluster:
            seen = play(cluster, folder, given.kills, given.seed, _say)
    _say(told(seen))
    for fault in seen.faults:
        _say(f"FAULT {fault}")
    return 1 if seen.faults else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
