"""Raw bodies in the SQL store keep the contract, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from events.raw import RawBodies
from events.sql.raw import SqlRawBodies
from events.sql.tables import RAW_BODY
from projections.stores.rows import open_rows
from schemas.instants import DAY
from tests.contracts.raw_contract import FIRST, ONE, TWO, RawContract
from tests.support.clock import SettableClock


class TestSqlRawBodies(RawContract):
    """The contract."""

    @pytest.fixture
    def raw(self, new_database: Callable[[], str], clock: SettableClock) -> Iterator[RawBodies]:
        store = open_rows(new_database())
        yield SqlRawBodies(store, clock, 2)
        store.dispose()


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[sa.Engine]:
    engine = open_rows(new_database())
    yield engine
    engine.dispose()


def _kept(store: sa.Engine) -> int:
    with store.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(RAW_BODY)).scalar_one()


@pytest.mark.parametrize(("days", "later"), [(0, 0), (2, 2)])
def test_what_is_over_is_deleted_when_the_store_is_opened(
    store: sa.Engine, clock: SettableClock, days: int, later: int
) -> None:
    SqlRawBodies(store, clock, 2).put("demo", ONE, FIRST)
    clock.advance(later * DAY)
    SqlRawBodies(store, clock, days)
    assert _kept(store) == 0


def test_what_is_over_is_deleted_by_a_store_that_is_only_read(
    store: sa.Engine, clock: SettableClock
) -> None:
    raw = SqlRawBodies(store, clock, 2)
    raw.put("demo", ONE, FIRST)
    clock.advance(2 * DAY)
    assert raw.get("demo", TWO) is None
    assert _kept(store) == 0
