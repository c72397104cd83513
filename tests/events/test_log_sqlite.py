"""The log in SQLite keeps the contract, and what only a file can be asked: crashes, room, days."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from events import hot_ids
from events.cursor import Cursor
from events.log import EventLog
from events.sqlite import SqliteLog
from schemas.catalogue import Topic
from schemas.errors import FormatUnknown, LogUnavailable
from tests.contracts.log_contract import LogContract, SettableTimeContract
from tests.support.clock import DAY, HOUR, SettableClock
from tests.support.randomness import seeded
from tests.support.records import batched, identity, record, stored

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path, clock: SettableClock) -> Iterator[SqliteLog]:
    log = SqliteLog(path, clock, partitions=4)
    yield log
    log.close()


class TestSqliteLog(LogContract, SettableTimeContract):
    """The contract, by the fixtures above."""


def reopened(log: SqliteLog, path: Path, clock: SettableClock) -> SqliteLog:
    log.close()
    return SqliteLog(path, clock)


def hold(log: SqliteLog) -> threading.Event:
    """Keep the writer busy, so that what is appended now falls into one later commit."""
    free, holding = threading.Event(), threading.Event()

    def wait(_: sqlite3.Connection) -> None:
        holding.set()
        free.wait(30)

    log.submit(wait)
    assert holding.wait(10)
    return free


def test_log_goes_on_where_it_ended(log: SqliteLog, path: Path, clock: SettableClock) -> None:
    log.append([record(n, key=f"demo:{n}") for n in range(19)]).result(10)
    log.append([batched(record(20))]).result(10)
    before, heads = list(stored(log)), log.heads()
    again = reopened(log, path, clock)
    assert again.heads() == heads
    assert list(stored(again)) == before
    assert again.append([record(3, key="demo:3")]).result(10).duplicates == {0}
    assert again.append([batched(record(20))]).result(10).duplicates == {0}
    again.append([record("new")]).result(10)
    assert again.heads().total == 21
    again.close()


def test_log_keeps_the_partitions_it_was_made_with(
    log: SqliteLog, path: Path, clock: SettableClock
) -> None:
    log.close()
    again = SqliteLog(path, clock, partitions=9)
    assert again.partitions == 4
    again.close()


def test_log_refuses_a_format_it_does_not_know(
    log: SqliteLog, path: Path, clock: SettableClock
) -> None:
    log.submit(lambda connection: connection.execute("UPDATE log_format SET version = 9"))
    log.close()
    with pytest.raises(FormatUnknown, match="format 9"):
        SqliteLog(path, clock)


def test_recorded_at_does_not_fall_over_a_restart(
    log: SqliteLog, path: Path, clock: SettableClock
) -> None:
    log.append([record("x")]).result(10)
    late = clock.now
    clock.advance(-5 * HOUR)
    again = reopened(log, path, clock)
    again.append([record("y", topic=Topic.DERIVED)]).result(10)
    assert [r.recorded_at for r in stored(again, Topic.DERIVED)] == [late]
    again.close()


def test_ids_are_forgotten_after_the_hot_window(log: SqliteLog, clock: SettableClock) -> None:
    log.append([record("x")]).result(10)
    clock.advance(8 * DAY)
    assert log.append([record("x")]).result(10).duplicates == frozenset()
    assert log.heads().total == 2


def test_ids_lie_in_runs_by_day_for_a_week(
    log: SqliteLog, path: Path, clock: SettableClock
) -> None:
    for n in range(12):
        log.append([record(n)]).result(10)
        clock.advance(DAY)
    log.append([record("today")]).result(10)
    assert len(runs(log)) == 7
    again = reopened(log, path, clock)
    copies = again.append([record(n) for n in range(12)]).result(10).duplicates
    assert copies == {5, 6, 7, 8, 9, 10, 11}
    again.close()


def runs(log: SqliteLog) -> list[str]:
    """The tables of ids in the file; each is listed and none is left over."""
    reader = log.reader()
    names = reader.execute("SELECT name FROM sqlite_master WHERE name GLOB 'ids_*'").fetchall()
    listed = reader.execute("SELECT 'ids_' || run FROM id_run").fetchall()
    assert sorted(names) == sorted(listed)
    return [name for (name,) in names]


def test_ids_of_many_records_are_found_in_memory_and_in_runs(
    log: SqliteLog, path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_ids, "RUN", 50)
    monkeypatch.setattr(hot_ids, "RUNS_PER_FILTER", 3)
    sent = [record(n, key=f"demo:{n % 7}") for n in range(1000)]
    places = [log.append(sent[n : n + 10]).result(10).positions for n in range(0, 1000, 10)]
    assert len(runs(log)) == 19
    again = reopened(log, path, clock)
    answer = again.append([record("new"), *sent]).result(10)
    assert answer.duplicates == set(range(1, 1001))
    assert answer.conflicts == frozenset()
    assert list(answer.positions[1:]) == [place for some in places for place in some]
    changed = again.append([record(3, digest=b"other content..", key="demo:x")]).result(10)
    assert changed.conflicts == {0}
    again.close()


def test_records_without_ids_to_find_are_not_read_again_and_again(
    log: SqliteLog, path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_ids, "SPAN", 30)
    log.append([record("first")]).result(10)
    for n in range(10):
        log.append([record((n, m), fresh=True) for m in range(10)]).result(10)
    covered = log.reader().execute("SELECT covered FROM id_run ORDER BY run DESC").fetchone()[0]
    assert log.heads().total - Cursor.decode(covered).total <= 30
    again = reopened(log, path, clock)
    assert again.append([record("first")]).result(10).duplicates == {0}
    again.close()


def test_a_job_that_fails_undoes_only_itself(log: SqliteLog) -> None:
    free = hold(log)

    def fail(connection: sqlite3.Connection) -> None:
        log.append_within(connection, [record("undone")])
        raise ZeroDivisionError("unexpected")

    before, failed, after = (
        log.append([record("before")]),
        log.submit(fail),
        log.append([record("after")]),
    )
    free.set()
    with pytest.raises(ZeroDivisionError):
        failed.result(10)
    assert [before.result(10).positions[0].offset, after.result(10).positions[0].offset] == [0, 1]
    assert [r.event_id for r in stored(log)] == [identity("before"), identity("after")]
    assert log.append([record("undone")]).result(10).duplicates == frozenset()


def test_a_job_with_a_wrong_statement_undoes_only_itself(log: SqliteLog) -> None:
    free = hold(log)

    def twice(connection: sqlite3.Connection) -> None:
        for _ in range(2):
            connection.execute("INSERT INTO block VALUES (9, 1, 1, x'')")

    failed, after = log.submit(twice), log.append([record("after")])
    free.set()
    with pytest.raises(sqlite3.IntegrityError):
        failed.result(10)
    assert after.result(10).positions[0].offset == 0
    assert log.heads().total == 1


def test_an_answer_nobody_waits_for_does_not_stop_the_writer(log: SqliteLog) -> None:
    free = hold(log)
    given_up = log.append([record("given up")])
    assert given_up.cancel()
    free.set()
    assert log.append([record("after")]).result(10).positions[0].offset == 0


def test_a_commit_in_progress_cannot_be_canceled(log: SqliteLog) -> None:
    started, free = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> str:
        started.set()
        free.wait(30)
        return "done"

    answer = log.submit(slow)
    assert started.wait(10)
    assert not answer.cancel()
    free.set()
    assert answer.result(10) == "done"


def test_a_full_disk_stores_nothing_and_passes_by(log: SqliteLog) -> None:
    log.append([record("first")]).result(10)
    heads = log.heads()
    limit_pages(log, of_room=2)
    big = [record(n, key="demo:big") for n in range(2000)]
    with pytest.raises(LogUnavailable, match="Nothing was stored"):
        log.append(big).result(10)
    assert log.heads() == heads
    assert [r.event_id for r in stored(log)] == [identity("first")]
    limit_pages(log, of_room=10_000)
    answer = log.append(big).result(10)
    assert answer.duplicates == frozenset()
    assert [p.offset for p in answer.positions] == list(range(2000))


def limit_pages(log: SqliteLog, of_room: int) -> None:
    def limit(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + of_room}")

    log.submit(limit).result(10)


def test_a_full_disk_fails_all_calls_of_the_commit(log: SqliteLog) -> None:
    limit_pages(log, of_room=2)
    free = hold(log)
    small = log.append([record("small")])
    big = log.append([record(n) for n in range(2000)])
    free.set()
    for answer in (small, big):
        with pytest.raises(LogUnavailable):
            answer.result(10)
    assert log.heads().total == 0
    assert log.append([record("small")]).result(10).duplicates == frozenset()


def test_readers_of_ended_threads_are_let_go(log: SqliteLog) -> None:
    log.append([record("x")]).result(10)
    read_in_a_thread(log)
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        read_in_a_thread(log)
    assert len(os.listdir("/dev/fd")) <= before + 3


def read_in_a_thread(log: EventLog) -> None:
    thread = threading.Thread(target=lambda: list(stored(log)))
    thread.start()
    thread.join(10)


def test_whatever_was_acknowledged_survives_a_killed_writer(
    path: Path, clock: SettableClock
) -> None:
    pick, promised = seeded(7), {}
    for _ in range(3):
        promised |= acknowledged_until_killed(path, first=2 * len(promised), lines=40 + pick(1)[0])
        log = SqliteLog(path, clock)
        found = [(r.event_id, r.position.partition, r.position.offset) for r in stored(log)]
        assert len(found) == len({event_id for event_id, *_ in found})
        places = {event_id: place for event_id, *place in found}
        assert all(places[identity(n)] == place for n, place in promised.items())
        assert log.heads().total == len(found)
        log.close()


def acknowledged_until_killed(path: Path, first: int, lines: int) -> dict[int, list[int]]:
    """What a writer promised before it was killed, by number: partition and offset."""
    command = [sys.executable, "-m", "tests.support.crashing_writer", str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:  # noqa: S603 - our own script
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        told += writer.stdout.readlines()
    whole = [line.split() for line in told if line.endswith("\n")]
    return {int(number): [int(partition), int(offset)] for number, partition, offset in whole}
