"""The port of the column store: ClickHouse SQL over the journal and the tables derived from it.

1. SQL texts name tables bare; the store runs them in its own database.
2. ``{name:Type}`` in a text is a parameter and always bound, never pasted.
3. ``$given`` in a text stands for one table that the caller hands over with the call.
4. ``insert`` under a token that the table has seen inserts nothing; tokens name content, so a token
   must be used for the same rows only.
5. What ``insert`` and ``run`` have answered is on disk.
6. Calls block; every thread may call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import pyarrow as pa

Parameters = Mapping[str, str | int]


class Columns(ABC):
    """The port of the column store; the module's docstring is its contract."""

    @abstractmethod
    def run(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> None:
        """Run a statement that answers nothing. Raises ``StoreUnavailable``."""

    @abstractmethod
    def query(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> pa.Table:
        """Run a query."""

    @abstractmethod
    def insert(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        """Insert rows; their column names are the table's."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""
