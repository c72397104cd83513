"""What passes by itself is told apart from what is a fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from projections.stores.rows import open_rows
from projections.stores.trouble import Pool
from schemas.errors import StoreUnavailable


def test_that_all_connections_are_in_use_passes(new_database: Callable[[], str]) -> None:
    engine = sa.create_engine(
        new_database(), poolclass=Pool, pool_size=1, max_overflow=0, pool_timeout=0.05
    )
    with engine.connect(), pytest.raises(StoreUnavailable, match="limit"):
        engine.connect()
    with engine.connect():
        pass  # it was given back
    engine.dispose()


def test_a_store_is_opened_with_bounds(new_database: Callable[[], str]) -> None:
    engine = open_rows(new_database())
    with engine.begin() as connection:
        told = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
    assert isinstance(engine.pool, Pool)
    assert told == "1min"
    engine.dispose()
