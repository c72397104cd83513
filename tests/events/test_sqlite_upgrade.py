"""A log of format 1, a row per record, brought to format 2."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from events import sqlite_upgrade
from events.log import Record
from events.sqlite import SqliteLog
from events.sqlite_file import places
from events.sqlite_upgrade import log_in_blocks, table_of
from schemas.catalogue import Topic
from schemas.instants import DAY
from tests.support.clock import SettableClock
from tests.support.records import record

PARTITIONS = 2
COUNT = 30


def _old(folder: Path, clock: SettableClock) -> list[Record]:
    """A log as format 1 wrote it: every third record drawn at random and looked up by nobody."""
    records = [record(n, fresh=n % 3 == 0) for n in range(COUNT)]
    day = clock() // DAY
    with closing(sqlite3.connect(folder / "log.db")) as db, db:
        db.execute("CREATE TABLE log_format (version INTEGER, partitions INTEGER)")
        db.execute("INSERT INTO log_format VALUES (1, ?)", (PARTITIONS,))
        db.execute(
            f"CREATE TABLE seen_{day} (event_id BLOB PRIMARY KEY, digest BLOB, "
            "topic INTEGER, partition INTEGER, offset INTEGER) WITHOUT ROWID"
        )
        for place in places(PARTITIONS):
            db.execute(
                f"CREATE TABLE {table_of(place)} (offset INTEGER PRIMARY KEY, "
                "recorded_at INTEGER NOT NULL, event_id BLOB NOT NULL, type TEXT NOT NULL, "
                "key TEXT NOT NULL, head BLOB NOT NULL, data BLOB NOT NULL)"
            )
        for number, one in enumerate(records):
            partition, offset = number % PARTITIONS, number // PARTITIONS
            db.execute(
                f"INSERT INTO {table_of((Topic.FACTS, partition))} VALUES (?,?,?,?,?,?,?)",
                (offset, clock() + number // 4, one.event_id.bytes, one.type, one.key, one.head,
                 one.data),
            )  # fmt: skip
            if not one.fresh:
                db.execute(
                    f"INSERT INTO seen_{day} VALUES (?,?,0,?,?)",
                    (one.event_id.bytes, one.digest, partition, offset),
                )
    return records


def test_every_record_keeps_its_place_time_and_bytes(tmp_path, clock):
    records = _old(tmp_path, clock)
    log_in_blocks(tmp_path)
    log_in_blocks(tmp_path)  # again changes nothing
    log = SqliteLog(tmp_path / "log.db", clock)
    try:
        assert log.partitions == PARTITIONS
        for number, one in enumerate(records):
            partition, offset = number % PARTITIONS, number // PARTITIONS
            (stored,) = log.read(Topic.FACTS, partition, offset, 1).records
            assert (stored.event_id, stored.type, stored.key, stored.head, stored.data) == (
                one.event_id, one.type, one.key, one.head, one.data
            )  # fmt: skip
            assert stored.recorded_at == clock() + number // 4
        again = log.append([one for one in records if not one.fresh]).result(5)
        assert len(again.duplicates) == len(again.positions)
        assert again.conflicts == frozenset()
    finally:
        log.close()


def test_a_step_that_ends_in_its_middle_changes_nothing(tmp_path, clock, monkeypatch):
    _old(tmp_path, clock)
    convert, seen = sqlite_upgrade._convert, []

    def killed(connection, place, days):
        convert(connection, place, days)
        seen.append(place)
        if len(seen) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(sqlite_upgrade, "_convert", killed)
    with pytest.raises(KeyboardInterrupt):
        log_in_blocks(tmp_path)
    monkeypatch.undo()
    log_in_blocks(tmp_path)
    log = SqliteLog(tmp_path / "log.db", clock)
    assert log.heads().total == COUNT
    log.close()
