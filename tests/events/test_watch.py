"""What other processes have written is noticed, and no error ends the watch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from events.sql.watch import Watch, notice
from projections.stores.rows import open_rows
from tests.support.waiting import until


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[sa.Engine]:
    engine = open_rows(new_database())
    yield engine
    engine.dispose()


def test_of_two_that_tell_for_the_first_time_neither_fails(store: sa.Engine) -> None:
    told: list[int] = []

    def tell_too() -> None:
        with store.begin() as connection:
            notice(connection, "keys")
            told.append(1)

    second = threading.Thread(target=tell_too)
    with store.begin() as connection:
        notice(connection, "keys")
        second.start()
        until(lambda: _waits(store))
    second.join()
    watch = Watch(store, "keys")
    watch.close()
    assert (told, watch.number) == ([1], 2)


def _waits(store: sa.Engine) -> bool:
    with store.connect() as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return bool(connection.exec_driver_sql(waiting).scalar())


def test_a_watch_goes_on_after_an_error_nobody_foresaw(store: sa.Engine) -> None:
    watch = Watch(store, "keys")
    asked: list[int] = []
    known = watch._asked

    def fail_once() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise sa.exc.TimeoutError("The pool has no connection.")
        return known()

    watch._asked = fail_once  # type: ignore[method-assign]
    with store.begin() as connection:
        notice(connection, "keys")
    until(lambda: watch.number == 1)
    watch.close()
    assert len(asked) > 1
