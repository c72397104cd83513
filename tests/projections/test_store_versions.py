"""A store of rows comes to the newest version, whatever it began as, and keeps what it holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from events.sql.tables import METADATA
from projections.stores import versions
from projections.stores.rows import open_rows
from schemas.errors import FormatUnknown

FIRST = Path(__file__).parents[1] / "golden" / "rows-0001.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store from before there were versions, with a step under way."""
    path = tmp_path / "rows.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FIRST.read_text())
        connection.execute("INSERT INTO pointer VALUES ('main', 3)")
        connection.execute("INSERT INTO cursor VALUES ('rows', 3, 'facts', 1, 42)")
        connection.execute("INSERT INTO intent VALUES ('columns', 3, 't', 'a', 'b', 1, 2, 0)")
    connection.close()
    return path


def test_a_store_from_before_versions_is_brought_up(old: Path) -> None:
    engine = open_rows(f"sqlite:///{old}")
    with engine.begin() as connection:
        cursor = connection.exec_driver_sql("SELECT * FROM cursor").all()
        intent = connection.exec_driver_sql("SELECT token, copies_until FROM intent").all()
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    assert cursor == [("rows", 3, "facts", 1, 42, 0)]
    assert intent == [("t", 2)]
    assert differences == []


def test_a_new_store_is_of_the_newest_version(tmp_path: Path, new_database) -> None:
    for url in (f"sqlite:///{tmp_path / 'new.db'}", new_database()):
        for _ in range(2):
            engine = open_rows(url)
            with engine.begin() as connection:
                found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
                differences = compare_metadata(MigrationContext.configure(connection), METADATA)
            engine.dispose()
            assert found == [(versions.NEWEST,)]
            assert differences == []


def test_the_newest_version_is_that_of_the_last_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(versions._SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == versions.NEWEST


def test_a_store_of_a_later_version_is_left_alone(old: Path) -> None:
    engine = open_rows(f"sqlite:///{old}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(FormatUnknown, match="9999"):
        open_rows(f"sqlite:///{old}")
