"""The log on a real Kafka broker keeps the contract, and what only a broker can be asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from events.cursor import Cursor
from events.kafka.broker import Broker
from events.kafka.log import KafkaLog
from events.kafka.topics import Layout
from events.keys import partition_of
from projections.page import read_page
from schemas.catalogue import Topic
from schemas.clock import system_clock
from schemas.errors import LogUnavailable, RangeRemoved, SettingsInvalid, TooLarge
from tests.contracts.log_contract import LogContract
from tests.support.clock import SettableClock
from tests.support.kafka.cluster import Cluster
from tests.support.records import batched, identity, record, stored
from tests.support.waiting import until

HOME = partition_of("demo:a", 4)
Open = Callable[[str], KafkaLog]


@pytest.fixture
def opened(broker: Broker, layout: Layout, tmp_path: Path, clock: SettableClock) -> Iterator[Open]:
    """Opens the log as a process does that keeps the ids it knows in a file of that name."""
    logs: list[KafkaLog] = []

    def open_log(name: str) -> KafkaLog:
        logs.append(KafkaLog(broker, layout, tmp_path / name, clock))
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()


@pytest.fixture
def log(opened: Open) -> KafkaLog:
    return opened("ids.db")


class TestKafkaLog(LogContract):
    """The contract, by the fixtures above."""


def test_recorded_at_is_the_brokers_clock(log: KafkaLog) -> None:
    before = system_clock()
    for n in range(5):
        log.append([record(n)]).result(10)
    times = [before, *(r.recorded_at for r in stored(log)), system_clock()]
    assert times == sorted(times)


def test_cursor_at_is_behind_all_records_up_to_a_time(log: KafkaLog) -> None:
    moments, cursors = [], []
    for n in range(3):
        log.append([record(n, key=f"demo:{n}"), record(f"{n}b")]).result(10)
        moments.append(max(r.recorded_at for r in stored(log)))
        cursors.append(log.heads())
        time.sleep(0.02)
    assert [log.cursor_at(moment) for moment in moments] == cursors
    assert log.cursor_at(moments[0] - 60_000) == Cursor()


def test_ids_are_known_again_after_a_restart(opened: Open) -> None:
    first = opened("ids.db")
    places = first.append([record("x"), record("fresh", fresh=True)]).result(10).positions
    first.append([batched(record("z"))]).result(10)
    first.close()
    answer = opened("ids.db").append([record("y"), record("x"), batched(record("z"))]).result(10)
    assert answer.duplicates == {1, 2}
    assert answer.positions[1] == places[0]


def test_a_conflict_is_seen_though_the_first_digest_must_be_read_from_the_log(
    opened: Open,
) -> None:
    first = opened("ids.db")
    first.append([record("x")]).result(10)
    first.close()
    answer = opened("ids.db").append([record("x", digest=b"other content..")]).result(10)
    assert answer.conflicts == {0}


def test_a_restart_learns_what_others_have_stored_meanwhile(opened: Open) -> None:
    opened("one.db").close()
    opened("two.db").append([record("theirs")]).result(10)
    assert opened("one.db").append([record("theirs")]).result(10).duplicates == {0}


def test_a_new_writer_does_not_read_what_was_before_it(opened: Open) -> None:
    opened("one.db").append([record("old")]).result(10)
    late = opened("late.db")
    assert late.append([record("old")]).result(10).duplicates == frozenset()
    assert late.append([record("old")]).result(10).duplicates == {0}


def test_a_record_too_large_is_refused_and_harms_no_other(log: KafkaLog) -> None:
    large = record("large")._replace(data=b"x" * 3_000_000)
    answers = [log.append([record("a")]), log.append([record("b"), large]), log.append([record(3)])]
    with pytest.raises(TooLarge, match="takes 3000"):
        answers[1].result(10)
    assert [r.event_id for r in stored(log)] == [identity("a"), identity(3)]


def test_a_megabyte_comes_back(log: KafkaLog) -> None:
    sent = record("large")._replace(data=b"x" * 1_048_576)
    (place,) = log.append([sent]).result(10).positions
    assert log.read(*place, 1).records[0].data == sent.data


def test_what_retention_has_removed_is_said_to_be_gone(
    log: KafkaLog, broker: Broker, layout: Layout
) -> None:
    log.append([record(n) for n in range(10)]).result(10)
    with broker.opened(KafkaAdminClient) as admin:
        admin.delete_records({TopicPartition(layout.name(Topic.FACTS), HOME): 4})
    assert len(log.read(Topic.FACTS, HOME, 4, 10).records) == 6
    with pytest.raises(RangeRemoved, match="no longer has offset 2"):
        log.read(Topic.FACTS, HOME, 2, 10)


def test_a_message_that_is_no_event_is_set_aside_with_its_place(
    log: KafkaLog, broker: Broker, layout: Layout
) -> None:
    log.append([record("before")]).result(10)
    stranger = broker.opened(KafkaProducer)
    for value in (b"not an event", None):
        stranger.send(layout.name(Topic.FACTS), value, key=b"demo:a", partition=HOME)
    stranger.close()
    log.append([record("after")]).result(10)
    page = read_page(log, Cursor(), 100)
    assert [f.record.position.offset for f in page.failures] == [1, 2]
    assert page.failures[0].record.data == b"not an event"
    assert page.end == log.heads()


def test_other_numbers_of_partitions_are_refused(
    broker: Broker, layout: Layout, tmp_path: Path, clock: SettableClock
) -> None:
    wrong = Layout(partitions=8, replicas=1, prefix=layout.prefix)
    with pytest.raises(SettingsInvalid, match=r"must have 8 partitions each, but .* has 4"):
        KafkaLog(broker, wrong, tmp_path / "ids.db", clock)


def test_a_broker_that_is_not_there_is_named(tmp_path: Path, clock: SettableClock) -> None:
    threads = threading.active_count()
    with pytest.raises(LogUnavailable, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        KafkaLog(Broker("127.0.0.1:1"), Layout(), tmp_path / "ids.db", clock)
    assert threading.active_count() == threads


# A broker that goes away


def test_what_a_hanging_broker_was_sent_is_stored_once(log: KafkaLog, kafka: Cluster) -> None:
    log.append([record("before")]).result(10)
    (node,) = kafka.nodes
    node.pause()
    try:
        with pytest.raises(LogUnavailable, match="has not acknowledged"):
            log.append([record("x"), record("fresh", fresh=True)]).result(30)
        with pytest.raises(LogUnavailable):
            log.append([record("x")]).result(30)
    finally:
        node.go_on()
    until(lambda: log.append([record("x")]).exception(30) is None)
    ids = [r.event_id for r in stored(log)]
    assert sorted(ids) == sorted(identity(name) for name in ("before", "x", "fresh"))


def test_a_log_goes_on_when_its_broker_was_killed(log: KafkaLog, kafka: Cluster) -> None:
    log.append([record("before")]).result(10)
    (node,) = kafka.nodes
    node.kill()
    try:
        with pytest.raises(LogUnavailable):
            log.append([record("x")]).result(30)
        with pytest.raises(LogUnavailable):
            log.heads()
    finally:
        node.start()
        node.wait()
    until(lambda: log.append([record("x"), record("after")]).exception(30) is None)
    ids = [r.event_id for r in stored(log)]
    assert sorted(ids) == sorted(identity(name) for name in ("before", "x", "after"))
