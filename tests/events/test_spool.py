"""A log with a spool keeps the contract of the log, and takes events while the log is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from events.kafka.broker import Broker
from events.kafka.log import KafkaLog
from events.kafka.topics import Layout
from events.log import Appended, OwnedLog, Record
from events.memory import MemoryLog
from events.spool import SpooledLog
from events.spool_file import SpoolFile
from schemas.clock import random_id
from schemas.errors import LogUnavailable, TooLarge
from tests.contracts.log_contract import LogContract, SettableTimeContract
from tests.support.clock import DAY, SettableClock
from tests.support.kafka.cluster import Cluster
from tests.support.randomness import seeded
from tests.support.records import identity, record, stored
from tests.support.waiting import until

MOST = 20_000
NEVER = b"what no log takes"


class AwayLog(MemoryLog):
    """A log that can be taken away, and may have stored what it says it has not."""

    away = False
    stores_all_the_same = False

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        answer: Future[Appended] = Future()
        if any(r.data == NEVER for r in records):
            answer.set_exception(TooLarge("An event is too large."))
        elif self.away:
            if self.stores_all_the_same:
                super().append([r._replace(fresh=False) for r in records])
            answer.set_exception(LogUnavailable("The log is away."))
        else:
            return super().append(records)
        return answer


Opening = Callable[[], OwnedLog]


@pytest.fixture
def inner(clock: SettableClock) -> AwayLog:
    return AwayLog(clock)


@pytest.fixture
def spooled(tmp_path: Path, clock: SettableClock) -> Iterator[Callable[[Opening], SpooledLog]]:
    logs = []

    def open_log(opening: Opening) -> SpooledLog:
        drawing = partial(random_id, seeded(len(logs)))
        spool = SpoolFile(tmp_path / "spool.db")
        logs.append(SpooledLog(opening, 4, spool, MOST, clock, drawing))
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()


@pytest.fixture
def log(spooled: Callable[[Opening], SpooledLog], inner: AwayLog) -> SpooledLog:
    log = spooled(lambda: inner)
    until(lambda: reaches(log))
    return log


def reaches(log: SpooledLog) -> bool:
    try:
        log.heads()
    except LogUnavailable:
        return False
    return True


class TestSpooledLog(LogContract, SettableTimeContract):
    """The contract, by the fixtures above."""


def drained(log: SpooledLog) -> bool:
    return log.waiting().entries == 0


def pending(log: SpooledLog, *names: object, fresh: bool = False) -> UUID:
    answer = log.append([record(name, fresh=fresh) for name in names]).result(10)
    assert answer.positions == ()
    assert answer.pending is not None
    return answer.pending


def test_what_the_log_does_not_take_is_kept_and_carried_over_in_order(
    log: SpooledLog, inner: AwayLog
) -> None:
    inner.away = True
    entries = [pending(log, n, (n, "second")) for n in range(20)]
    assert log.waiting().entries == 20
    assert log.cursor_of(entries[3]) is None
    inner.away = False
    until(lambda: drained(log))
    assert [r.event_id for r in stored(inner)] == [
        identity(name) for n in range(20) for name in (n, (n, "second"))
    ]
    cursor = log.cursor_of(entries[3])
    assert cursor is not None
    assert cursor.total == 8
    assert log.append([record("direct")]).result(10).positions[0].offset == 40


def test_what_the_log_has_taken_after_all_is_stored_once(log: SpooledLog, inner: AwayLog) -> None:
    inner.away = inner.stores_all_the_same = True
    pending(log, "x", "y")
    pending(log, "fresh", fresh=True)
    inner.away = False
    until(lambda: drained(log))
    assert [r.event_id for r in stored(inner)] == [identity(n) for n in ("x", "y", "fresh")]


def test_a_spool_outlives_its_process(
    log: SpooledLog, inner: AwayLog, spooled: Callable[[Opening], SpooledLog], clock: SettableClock
) -> None:
    inner.away = True
    entry = pending(log, "x")
    log.close()
    again = spooled(lambda: AwayLog(clock))
    until(lambda: drained(again))
    assert [r.event_id for r in stored(again)] == [identity("x")]
    assert again.cursor_of(entry) is not None


def test_events_are_taken_before_the_log_was_ever_reached(
    spooled: Callable[[Opening], SpooledLog], inner: AwayLog
) -> None:
    reached = False

    def opening() -> OwnedLog:
        if not reached:
            raise LogUnavailable("Nobody answers.")
        return inner

    log = spooled(opening)
    pending(log, "early")
    with pytest.raises(LogUnavailable, match="cannot be reached yet"):
        log.heads()
    reached = True
    until(lambda: drained(log))
    assert [r.event_id for r in stored(log)] == [identity("early")]


def test_a_full_spool_refuses_and_takes_again_when_there_is_room(
    log: SpooledLog, inner: AwayLog
) -> None:
    inner.away = True
    answers = [log.append([record(n)]) for n in range(200)]
    wait(answers, 30)
    with pytest.raises(LogUnavailable, match="spool of 20000 bytes is full"):
        answers[-1].result(10)
    kept = log.waiting()
    assert 15_000 < kept.size <= MOST
    inner.away = False
    until(lambda: drained(log))
    assert log.waiting().size == 0
    assert log.heads().total == kept.entries
    assert log.append([record("later")]).result(10).positions


def test_what_the_log_will_never_take_holds_up_no_other(log: SpooledLog, inner: AwayLog) -> None:
    inner.away = True
    pending(log, "before")
    never = record("never")._replace(data=NEVER)
    assert log.append([never]).result(10).pending is not None
    pending(log, "after")
    inner.away = False
    until(lambda: drained(log))
    assert [r.event_id for r in stored(inner)] == [identity("before"), identity("after")]
    assert log.waiting().refused == 1


def test_what_is_refused_at_once_does_not_reach_the_spool(log: SpooledLog) -> None:
    never = record("never")._replace(data=NEVER)
    with pytest.raises(TooLarge):
        log.append([never]).result(10)
    assert log.waiting() == (0, 0, None, 0)


def test_a_spool_that_cannot_be_written_says_so(
    log: SpooledLog, inner: AwayLog, tmp_path: Path
) -> None:
    inner.away = True
    with sqlite3.connect(tmp_path / "spool.db") as other:
        other.execute("DROP TABLE spooled")
    with pytest.raises(LogUnavailable, match="spool cannot be written"):
        log.append([record("x")]).result(10)


def test_cursors_of_entries_are_forgotten_after_the_hot_window(
    log: SpooledLog, inner: AwayLog, clock: SettableClock
) -> None:
    inner.away = True
    old = pending(log, "old")
    inner.away = False
    until(lambda: drained(log))
    clock.advance(8 * DAY)
    inner.away = True
    new = pending(log, "new")
    inner.away = False
    until(lambda: drained(log))
    assert (log.cursor_of(old), log.cursor_of(new) is None) == (None, False)


def test_events_sent_to_a_hanging_broker_are_kept_and_stored_once(
    spooled: Callable[[Opening], SpooledLog], broker: Broker, layout: Layout, kafka: Cluster,
    tmp_path: Path, clock: SettableClock,
) -> None:  # fmt: skip
    log = spooled(lambda: KafkaLog(broker, layout, tmp_path / "ids.db", clock))
    until(lambda: log.append([record("before")]).result(30).pending is None)
    (node,) = kafka.nodes
    node.pause()
    try:
        pending(log, "x", "y")
        pending(log, "fresh", fresh=True)
    finally:
        node.go_on()
    until(lambda: drained(log))
    ids = [r.event_id for r in stored(log)]
    assert sorted(ids) == sorted(identity(name) for name in ("before", "x", "y", "fresh"))
