"""Keys and workspaces in the stores of both modes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from projections.stores.rows import open_rows
from schemas.clock import RandomBytes
from services.access import Access
from services.access_sql import SqlAccess, make_tables
from services.access_sqlite import SqliteAccess
from services.noticing import Noticed
from tests.support.clock import SettableClock
from tests.support.randomness import seeded

Open = Callable[[], SqlAccess]


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: SettableClock) -> Iterator[Open]:
    """Opens the access of one store, once for each process that has it open."""
    closing = ExitStack()
    seeds = itertools.count()
    if request.param == "sqlite":
        make = partial(SqliteAccess, tmp_path / "access.db", clock)
    else:
        store = open_rows(request.getfixturevalue("new_database")())
        closing.callback(store.dispose)
        make_tables(store)

        def make(random: RandomBytes) -> SqlAccess:
            return SqlAccess(store, Noticed(store), clock, random)

    def open_again() -> SqlAccess:
        made = make(seeded(next(seeds)))
        closing.callback(made.close)
        return made

    with closing:
        yield open_again


@pytest.fixture
def access(opened: Open) -> Access:
    made = opened()
    made.create_workspace("demo", "Europe/Warsaw", "PLN")
    return made
