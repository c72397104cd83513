"""A rebuild in many ranges, several at once, gives the rows that one statement over all gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from projections.entities import ranges
from projections.entities.messages import clusters_sql, messages_sql
from projections.entities.notices import HIGHEST, LOWEST, notices_as_of
from projections.entities.ranges import message_ranges, stray_ranges
from projections.entities.refresh import Entities
from projections.stores.chdb_snapshot import ChdbSource
from projections.stores.columns import Columns
from projections.stores.tables import BELONGS, ENTITY_COLUMNS
from schemas.errors import StoreUnavailable
from services.bench.journal_fill import WORKSPACE, fill_journal
from tests.support.columns import new_columns

EVENTS = 40_000
MESSAGES = 10_000
HERE = {"workspace": WORKSPACE, "generation": 1, "version": 1, "as_of": 2**62}
WHOLE = f"({messages_sql(notices_as_of('1'), clusters_sql())})"


@pytest.fixture(scope="module")
def filled():
    columns = new_columns()
    fill_journal(columns, EVENTS)
    yield columns
    columns.run(f"DROP DATABASE {columns.database} SYNC")
    columns.close()


@pytest.fixture
def columns(filled, monkeypatch):
    """A filled journal of which every mark is a range, and no rows of entities."""
    monkeypatch.setattr(ranges, "_MARKS_A_RANGE", 1)
    for name in ENTITY_COLUMNS:
        filled.run(f"TRUNCATE TABLE {name}")
    return filled


def rebuild(columns) -> None:
    with ThreadPoolExecutor(3) as pool:
        Entities(columns, 1, 1).rebuild(WORKSPACE, pool)


def digest(columns, source: str) -> dict[str, object]:
    names = ", ".join(f"toString({name})" for name in ENTITY_COLUMNS["message_row"])
    found = columns.query(
        f"SELECT count() AS messages, sum(cityHash64({names})) AS rows FROM {source}",
        {**HERE, "low": LOWEST, "high": HIGHEST},
    )
    return found.to_pylist()[0]


def test_ranges_follow_each_other_and_leave_nothing_out(columns) -> None:
    found = message_ranges(columns, WORKSPACE)
    assert len(found) > 3
    assert (found[0][0], found[-1][1]) == (LOWEST, HIGHEST)
    assert [high for _, high in found[:-1]] == [low for low, _ in found[1:]]
    assert all(low < high for low, high in found)


def test_ranges_of_strays_begin_at_the_first_id_of_a_provider(columns) -> None:
    found = stray_ranges(columns, WORKSPACE)
    first = columns.query("SELECT min(provider_ref) AS ref FROM provider_message")
    assert (found[0][0], found[-1][1]) == (first.column("ref").to_pylist()[0], HIGHEST)


def test_a_workspace_without_events_has_one_range_and_no_strays(columns) -> None:
    assert message_ranges(columns, "nobody") == [(LOWEST, HIGHEST)]
    assert stray_ranges(columns, "nobody") == []


def test_rows_are_those_of_one_statement_over_everything(columns) -> None:
    rebuild(columns)
    rows = digest(columns, "message_row")
    assert rows["messages"] == MESSAGES
    assert rows == digest(columns, WHOLE)


def test_deliveries_that_are_known_by_the_provider_alone_reach_their_message(columns) -> None:
    rebuild(columns)
    astray = columns.query(
        "SELECT count() AS n, countIf(m.delivered_at = 0) AS missed FROM journal AS j "
        "INNER JOIN provider_message AS p ON p.provider_ref = j.message_key "
        "LEFT JOIN message_row AS m ON m.message_id = p.message_id WHERE j.message_id = '' "
        "AND j.message_key != ''"
    ).to_pylist()[0]  # fmt: skip
    assert astray == {"n": EVENTS // 40, "missed": 0}


def test_nothing_that_was_laid_out_stays(columns) -> None:
    rebuild(columns)
    assert columns.query("SELECT count() AS n FROM stray").to_pylist() == [{"n": 0}]


def test_each_form_and_goal_has_one_row_however_often_it_is_rebuilt(columns) -> None:
    rebuild(columns)
    once = [columns.query(f"SELECT count() AS n FROM {name} FINAL").to_pylist()
            for name in ("form_row", "reach_row")]  # fmt: skip
    rebuild(columns)
    again = [columns.query(f"SELECT count() AS n FROM {name} FINAL").to_pylist()
             for name in ("form_row", "reach_row")]  # fmt: skip
    assert once == again
    assert all(rows[0]["n"] > 0 for rows in once)


def tables(columns) -> list[str]:
    found = columns.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return found.column("name").to_pylist()


def test_what_a_killed_rebuild_left_in_memory_is_in_nobodys_way(columns, tmp_path) -> None:
    columns.run(f"CREATE TABLE {BELONGS} (subject String) ENGINE = Join(ANY, LEFT, subject)")
    assert BELONGS not in ChdbSource(columns, tmp_path).tables()
    rebuild(columns)
    assert BELONGS not in tables(columns)


def test_a_rebuild_that_fails_gives_its_memory_back(columns, monkeypatch) -> None:
    run = type(columns).run

    def failing(self: Columns, sql: str, *given: object) -> None:
        if sql.startswith("INSERT INTO message_row"):
            assert BELONGS in tables(columns)
            raise StoreUnavailable("The disk is gone.")
        run(self, sql, *given)

    monkeypatch.setattr(type(columns), "run", failing)
    with pytest.raises(StoreUnavailable):
        rebuild(columns)
    assert BELONGS not in tables(columns)
