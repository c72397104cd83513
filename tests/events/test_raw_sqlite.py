"""Raw bodies in SQLite keep the contract, and across restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from events.raw import NoRawBodies, RawBodies
from events.raw_sqlite import SqliteRawBodies
from schemas.errors import StoreUnavailable
from schemas.instants import DAY
from tests.contracts.raw_contract import FIRST, ONE, SECOND, TWO, RawContract
from tests.support.clock import SettableClock


class TestSqliteRawBodies(RawContract):
    """The contract, on a file."""

    @pytest.fixture
    def raw(self, tmp_path: Path, clock: SettableClock) -> Iterator[RawBodies]:
        raw = SqliteRawBodies(tmp_path / "raw.db", clock, 2)
        yield raw
        raw.close()


def _tables(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        return int(db.execute(query).fetchone()[0])


def test_a_restart_keeps_what_is_young_and_drops_what_is_old(tmp_path, clock):
    path = tmp_path / "raw.db"
    raw = SqliteRawBodies(path, clock, 2)
    raw.put("demo", ONE, FIRST)
    clock.advance(DAY)
    raw.put("demo", TWO, SECOND)
    raw.close()
    assert _tables(path) == 2
    clock.advance(DAY)
    raw = SqliteRawBodies(path, clock, 2)
    assert raw.get("demo", TWO) == SECOND
    raw.close()
    assert _tables(path) == 1


def test_no_days_keep_nothing_and_drop_what_is_there(tmp_path, clock):
    path = tmp_path / "raw.db"
    raw = SqliteRawBodies(path, clock, 2)
    raw.put("demo", ONE, FIRST)
    raw.close()
    raw = SqliteRawBodies(path, clock, 0)
    assert raw.get("demo", ONE) is None
    raw.put("demo", TWO, SECOND)
    raw.close()
    assert _tables(path) == 0
    none = NoRawBodies()
    none.put("demo", ONE, FIRST)
    assert none.get("demo", ONE) is None


def test_a_store_that_is_gone_says_so(tmp_path, clock):
    raw = SqliteRawBodies(tmp_path / "raw.db", clock, 2)
    raw.close()
    with pytest.raises(StoreUnavailable):
        raw.put("demo", ONE, FIRST)
