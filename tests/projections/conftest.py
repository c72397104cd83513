"""A small world for every test, on the stores of the embedded mode or of the distributed one."""

from __future__ import annotations

import pytest

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
    if request.param == "postgres":
        return request.getfixturevalue("new_database")()
    return f"sqlite:///{tmp_path / 'rows'}.db"


@pytest.fixture
def world(request, tmp_path, rows_url):
    columns = None
    if rows_url.startswith("postgresql"):
        columns = request.getfixturevalue("new_clickhouse_columns")()
    with World(tmp_path, rows_url=rows_url, columns=columns) as made:
        yield made
