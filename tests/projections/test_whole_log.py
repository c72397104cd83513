"""What retention has removed from the log is read from the journal, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

import pytest

from events.cursor import Cursor, Place
from events.log import EVERYTHING, Appended, EventLog, Filter, Record, Slice, StoredRecord
from projections.columns import journaling
from projections.rebuild import Rebuild
from projections.retrying import Retrying
from projections.whole_log import WholeLog
from schemas.catalogue import Topic
from schemas.errors import RangeRemoved
from tests.support import campaign as c
from tests.support.world import World

pytestmark = pytest.mark.both_modes
HOUR = 3_600_000


class Shortened(EventLog):
    """A log from which somebody has removed the first of every partition."""

    def __init__(self, log: EventLog) -> None:
        self.partitions = log.partitions
        self.first = Cursor()
        self._log = log

    def remove(self, until: Cursor) -> None:
        self.first = until

    def firsts(self, places: Sequence[Place]) -> dict[Place, int]:
        return {place: self.first[place] for place in places}

    def append(self, records: Sequence[Record]) -> Future[Appended]:
        return self._log.append(records)

    def read(
        self, topic: Topic, partition: int, start: int, limit: int, only: Filter = EVERYTHING
    ) -> Slice:
        if start < self.first[topic, partition]:
            raise RangeRemoved(f"{topic} {partition} {start}")
        return self._log.read(topic, partition, start, limit, only)

    def heads(self) -> Cursor:
        return self._log.heads()

    def cursor_at(self, recorded_at: int) -> Cursor:
        found = self._log.cursor_at(recorded_at)
        return found.moved({place: max(at, self.first[place]) for place, at in found.items()})

    def close(self) -> None:
        self._log.close()


@pytest.fixture
def log(world: World) -> Shortened:
    return Shortened(world.log)


@pytest.fixture
def whole(world: World, log: Shortened) -> WholeLog:
    return WholeLog(log, log.firsts, world.rows, lambda: world.columns)


def happened(world: World) -> None:
    """A campaign, people who answer it, and copies that the log did not know for such."""
    start = world.clock() - 24 * HOUR
    world.append(*c.planned(world))
    for number in range(6):
        world.append(c.contact(world, number), *c.sent(world, number, start))
        world.append(c.clicked(world, number, start + 60_000 * number))
    copies = c.contact(world, 0), c.clicked(world, 1, start + 60_000)
    world.run()
    world.append(*(copy._replace(fresh=True) for copy in copies))
    world.run()


def everything(log: EventLog, until: Cursor) -> list[StoredRecord]:
    found: list[StoredRecord] = []
    for place, end in until.items():
        start = 0
        while start < end:
            page = log.read(*place, start, min(4, end - start))
            assert page.end > start
            start, found = page.end, [*found, *page.records]
    return found


def test_all_that_was_removed_comes_back_byte_for_byte(
    world: World, log: Shortened, whole: WholeLog
) -> None:
    happened(world)
    heads = world.log.heads()
    told = everything(world.log, heads)
    log.remove(heads)
    assert heads.total > len({record.event_id for record in told})  # there are second copies
    assert sorted(everything(whole, heads)) == sorted(told)


def test_a_rebuild_from_the_rest_and_the_journal_gives_the_same_tables(
    world: World, log: Shortened, whole: WholeLog
) -> None:
    happened(world)
    heads = world.log.heads()
    log.remove(Cursor({place: offset * 2 // 3 for place, offset in heads.items()}))
    rebuild = Rebuild(replace(world.models, log=whole), live=1)
    rebuild.run()
    compared = rebuild.compare()
    assert [one.table for one in compared if not one.equal] == []
    assert any(one.live_rows for one in compared if one.table == "rows.response")


def test_what_is_in_no_journal_is_said_to_be_gone(
    world: World, log: Shortened, whole: WholeLog
) -> None:
    world.append(c.contact(world, 0))
    heads = world.log.heads()
    log.remove(heads)
    ((topic, partition),) = heads
    with pytest.raises(RangeRemoved, match="the journal ends at 0"):
        whole.read(topic, partition, 0, 10)


def test_a_time_before_the_retention_is_found_in_the_journal(
    world: World, log: Shortened, whole: WholeLog
) -> None:
    happened(world)
    moment, then = world.clock(), world.log.heads()
    world.clock.advance(HOUR)
    world.append(*(c.contact(world, number) for number in range(10, 40)))
    world.run()
    log.remove(world.log.heads())
    assert whole.cursor_at(moment).total <= then.total
    assert sorted(everything(whole, whole.cursor_at(moment))) == sorted(everything(whole, then))


def test_a_letter_is_retried_when_its_event_is_no_longer_in_the_log(
    world: World, log: Shortened, whole: WholeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = journaling.journal_row

    def poisoned(event):
        if event.type == "contact.created":
            raise ValueError("poison")
        return row(event)

    monkeypatch.setattr(journaling, "journal_row", poisoned)
    happened(world)
    monkeypatch.undo()
    heads = world.log.heads()
    ids = {record.event_id for record in everything(world.log, heads)}
    log.remove(heads)
    world.columns_sink._log = whole
    assert {record.event_id for record in everything(whole, heads)} == ids
    retrying = Retrying(world.rows, lambda: [world.sinks])
    for letter in retrying.letters():
        assert retrying.retry(letter.name).solved
    assert retrying.letters() == []
    assert {record.event_id for record in everything(whole, heads)} == ids
