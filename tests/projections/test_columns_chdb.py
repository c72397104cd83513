"""The engine in the process keeps the contract of the column store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections.stores.columns import Columns
from tests.contracts.columns_contract import ColumnsContract
from tests.support.columns import new_columns


class TestChdbColumns(ColumnsContract):
    """Contract only."""

    @pytest.fixture
    def columns(self) -> Iterator[Columns]:
        columns = new_columns()
        yield columns
        columns.run(f"DROP DATABASE {columns.database} SYNC")
        columns.close()
