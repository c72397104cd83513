"""A small world for every test, on the stores of the embedded mode or of the distributed one."""

from __future__ import annotations

import pytest

from tests.support.replayed import Operated, visited
from tests.support.world import World


def pytest_generate_tests(metafunc):
    """Give a module that is marked ``both_modes`` every kind of store there is, others SQLite."""
    if "rows_url" in metafunc.fixturenames:
        everywhere = metafunc.config.getoption("--both-modes")
        both = everywhere or metafunc.definition.get_closest_marker("both_modes") is not None
        kinds = ["sqlite", "postgres"] if both else ["sqlite"]
        metafunc.parametrize("rows_url", kinds, indirect=True)


@pytest.fixture
def rows_url(request, tmp_path) -> str:
    """An empty store of rows."""
    return _new_rows(request, tmp_path, "rows")


@pytest.fixture
def world(request, tmp_path, rows_url):
    with World(tmp_path, rows_url=rows_url, columns=_new_columns(request, rows_url)) as made:
        yield made


@pytest.fixture
def another(request, tmp_path, rows_url):
    """A world of its own, on the same kind of stores."""
    url = _new_rows(request, tmp_path, "other rows", rows_url)
    with World(tmp_path, "another", url, _new_columns(request, url)) as made:
        yield made


def _new_rows(request, tmp_path, name: str, like: str | None = None) -> str:
    is_postgres = like.startswith("postgresql") if like else request.param == "postgres"
    if is_postgres:
        return request.getfixturevalue("new_database")()
    return f"sqlite:///{tmp_path / name}.db"


def _new_columns(request, rows_url: str):
    if rows_url.startswith("postgresql"):
        return request.getfixturevalue("new_clickhouse_columns")()
    return None


@pytest.fixture
def operated(world):
    """Two visits and an order, applied by a process whose generations are grown by hand."""
    visited(world)
    made = Operated(world)
    made.run()
    return made
