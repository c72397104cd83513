"""The column store keeps its contract over the wire, and says when the server is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from projections.columns.arrow import to_table
from projections.digests import column_digests
from projections.stores.clickhouse import ClickHouseColumns, Server
from projections.stores.columns import Columns
from projections.stores.tables import JUDGEMENT_COLUMNS
from schemas.errors import StoreUnavailable
from tests.contracts.columns_contract import ColumnsContract, rows_of, some, written
from tests.support.clickhouse.server import ClickHouse
from tests.support.columns import engine_folder, new_columns

New = Callable[[], ClickHouseColumns]


class TestClickHouseColumns(ColumnsContract):
    """The contract, by the fixture."""

    @pytest.fixture
    def columns(self, new_clickhouse_columns: New) -> Columns:
        return new_clickhouse_columns()


def test_the_same_rows_have_the_same_digests(new_clickhouse_columns: New) -> None:
    rows = [{n: written(v) for n, v in row.items()} for row in rows_of(JUDGEMENT_COLUMNS)]
    stores: list[Columns] = [new_columns(), new_clickhouse_columns()]
    for store in stores:
        store.insert(
            "judgement", to_table(JUDGEMENT_COLUMNS, [{**r, "generation": 1} for r in rows])
        )
    embedded, wire = (column_digests(store, 1) for store in stores)
    assert embedded == wire
    assert any(digest.rows for digest in wire)


def test_a_server_that_is_away_is_told_and_found_again(new_clickhouse_columns: New) -> None:
    columns = new_clickhouse_columns()
    columns.insert("provider_message", some("a"))
    server = ClickHouse(engine_folder())
    ours = ClickHouseColumns(Server("127.0.0.1", server.port, database=columns.database))
    sql = "SELECT count() AS n FROM provider_message"
    assert ours.query(sql).to_pylist() == [{"n": 1}]
    server.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            ours.query(sql)
    again = ClickHouse(engine_folder(), server.port)
    assert ours.query(sql).to_pylist() == [{"n": 1}]
    ours.close()
    again.close()


def test_nobody_there_is_told_at_once() -> None:
    with pytest.raises(StoreUnavailable):
        ClickHouseColumns(Server("127.0.0.1", 1))
