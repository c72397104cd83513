"""A log carried over: same records, same times, whatever breaks it off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from events.copying import Step, carry_over
from events.kafka.broker import Broker
from events.kafka.filling import KafkaTarget
from events.kafka.log import KafkaLog
from events.kafka.topics import Layout, create
from events.keys import partition_of
from events.log import EventLog, StoredRecord
from events.sqlite import SqliteLog
from schemas.catalogue import Topic
from schemas.errors import CopyDiffers, SettingsInvalid
from tests.support.clock import SettableClock
from tests.support.records import record, stored


class BrokenOff(KafkaTarget):
    """Ends in the middle of what it is given, as a killed process would."""

    after = 2

    def put(self, records: Sequence[StoredRecord]) -> None:
        if not self.after:
            super().put(records[: len(records) // 2])
            raise KeyboardInterrupt
        self.after -= 1
        super().put(records)


@pytest.fixture
def source(tmp_path: Path, clock: SettableClock) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db", clock, partitions=4)
    for n in range(90):
        clock.advance(1000)
        some = [record((n, i), key=f"demo:{n * i}") for i in range(100)]
        log.append([*some, record(n, topic=Topic.DERIVED)]).result(10)
    yield log
    log.close()


@pytest.fixture
def layout(request: pytest.FixtureRequest) -> Layout:
    """Topics that are not there yet."""
    return Layout(partitions=6, replicas=1, prefix=f"{request.node.name}.")


def everything(log: EventLog) -> list[tuple[object, ...]]:
    return sorted(
        (topic, r.recorded_at, r.key, r.event_id, r.type, r.head, r.data)
        for topic in Topic
        for r in stored(log, topic, 1000)
    )


def copy(source: EventLog, broker: Broker, layout: Layout, kind: type[KafkaTarget]) -> list[Step]:
    steps: list[Step] = []
    target = kind(broker, layout)
    try:
        carry_over(source, target, steps.append)
    finally:
        target.close()
    return steps


def test_a_log_in_a_file_is_carried_over_to_more_partitions(
    source: SqliteLog, broker: Broker, layout: Layout, tmp_path: Path, clock: SettableClock
) -> None:
    steps = copy(source, broker, layout, KafkaTarget)
    assert (steps[-1].doing, steps[-1].done, steps[-1].total) == ("compared", 9090, 9090)
    log = KafkaLog(broker, layout, tmp_path / "ids.db", clock)
    assert everything(log) == everything(source)
    for r in stored(log, page_size=1000):
        assert r.position.partition == partition_of(r.key, 6)
    middle = clock.now - 45_000
    assert log.cursor_at(middle).total == source.cursor_at(middle).total
    answer = log.append([record("new")]).result(10)
    assert log.read(*answer.positions[0], 1).records[0].recorded_at > clock.now
    log.close()


def test_a_copy_that_was_broken_off_goes_on(
    source: SqliteLog, broker: Broker, layout: Layout, tmp_path: Path, clock: SettableClock
) -> None:
    with pytest.raises(KeyboardInterrupt):
        copy(source, broker, layout, BrokenOff)
    with pytest.raises(SettingsInvalid, match="has not ended"):
        KafkaLog(broker, layout, tmp_path / "ids.db", clock)
    copy(source, broker, layout, KafkaTarget)
    log = KafkaLog(broker, layout, tmp_path / "ids.db", clock)
    assert everything(log) == everything(source)
    log.close()


def test_a_log_on_kafka_is_carried_over_to_more_partitions(
    source: SqliteLog, broker: Broker, layout: Layout, tmp_path: Path, clock: SettableClock
) -> None:
    copy(source, broker, layout, KafkaTarget)
    wider = Layout(partitions=9, replicas=1, prefix=layout.prefix, generation=2)
    old = KafkaLog(broker, layout, tmp_path / "old.db", clock)
    copy(old, broker, wider, KafkaTarget)
    new = KafkaLog(broker, wider, tmp_path / "new.db", clock)
    assert everything(new) == everything(source)
    old.close()
    new.close()


def test_topics_in_use_take_no_copy(source: SqliteLog, broker: Broker, layout: Layout) -> None:
    create(broker, layout)
    with pytest.raises(SettingsInvalid, match="is in use"):
        KafkaTarget(broker, layout)


def test_a_copy_with_something_else_in_it_is_refused(
    source: SqliteLog, broker: Broker, layout: Layout, tmp_path: Path, clock: SettableClock
) -> None:
    stranger = next(stored(source))._replace(data=b'{"name":"other"}')
    target = KafkaTarget(broker, layout)
    target.put([stranger])
    target.close()
    with pytest.raises(CopyDiffers, match=r"answerback\.facts\.v1 has 9000 records"):
        copy(source, broker, layout, KafkaTarget)
    with pytest.raises(SettingsInvalid, match="has not ended"):
        KafkaLog(broker, layout, tmp_path / "ids.db", clock)


def test_a_source_that_is_written_to_meanwhile_is_refused(
    source: SqliteLog, broker: Broker, layout: Layout
) -> None:
    def write(step: Step) -> None:
        if step.doing == "compared":
            source.append([record(("late", step.done))]).result(10)

    target = KafkaTarget(broker, layout)
    with pytest.raises(CopyDiffers, match="taken events during the copy"):
        carry_over(source, target, write)
    target.close()
    copy(source, broker, layout, KafkaTarget)
