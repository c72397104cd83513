"""The port of the column store: ClickHouse SQL over the journal and the tables derived from it.

1. SQL texts name tables bare; the store runs them in its own database.
2. ``{name:Type}`` in a text is a parameter and always bound, never pasted.
3. ``$given`` in a text stands for one table that the caller hands over with the call.
4. ``insert`` under a token that the table has seen inserts nothing; tokens name content, so a token
   must be used for the same rows only.
5. What ``insert`` and ``run`` have answered within ``lasting`` is on disk when that is left.
6. Calls block; every thread may call.
7. Bytes that are no text (``FixedString``) are selected as ``hex``, UUIDs and enums as text.
8. A store may have others *beside* it, each in a database of its own: there the tables of this one
   are named ``database.table``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa

from schemas.errors import OutOfRoom

Parameters = Mapping[str, str | int]

SETTINGS = {
    "join_use_nulls": 0,
    "prefer_column_name_to_alias": 1,
    "optimize_and_compare_chain": 0,
    # A goal's conditions are part of the text: 20 of them may list 1000 values each.
    "max_query_size": 268_435_456,
    "max_ast_elements": 10_000_000,
    "max_expanded_ast_elements": 10_000_000,
}
"""What every statement runs with, wherever the engine is."""


class Columns(ABC):
    """The port of the column store; the module's docstring is its contract."""

    database: str

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
    def settle(self) -> int:
        """Make sure of all that was written; answers how many inserts were lost so far.

        What is lost is as if it had never been, its token too. Raises ``OutOfRoom``.
        """

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """What is written inside is on disk when this is left.

        Raises ``OutOfRoom`` if not: then all of it is to be done again, under the same tokens.
        """
        before = self.settle()
        yield
        if self.settle() != before:
            raise OutOfRoom("No space left on device: what was written is written once more.")

    @abstractmethod
    def small(self) -> Columns:
        """The same store for small statements: each is run by one thread.

        Starting more of them for a few hundred rows took a sixth of such a statement's time.
        """

    @abstractmethod
    def beside(self, database: str) -> Columns:
        """An empty store in another database, made anew whatever lay there."""

    @abstractmethod
    def drop_beside(self, prefix: str) -> None:
        """Drop every other database whose name begins so."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""
