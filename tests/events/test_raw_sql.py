"""Raw bodies in the SQL store keep the contract, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from events.raw import RawBodies
from events.sql.raw import SqlRawBodies
from projections.stores.rows import open_rows
from tests.contracts.raw_contract import RawContract
from tests.support.clock import SettableClock


class TestSqlRawBodies(RawContract):
    """The contract alone."""

    @pytest.fixture
    def raw(self, new_database: Callable[[], str], clock: SettableClock) -> Iterator[RawBodies]:
        store = open_rows(new_database())
        yield SqlRawBodies(store, clock, 2)
        store.dispose()
