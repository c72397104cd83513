"""Ceilings of what lies in columns: the engine alone, as durable, without our tables' company."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import chdb
import pyarrow as pa

_DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"


class BareColumns:
    """One table of the engine in a folder of its own."""

    def __init__(self, folder: Path, columns: Mapping[str, str], order: str) -> None:
        self._connection: Any = chdb.connect(str(folder))
        kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._connection.query("CREATE DATABASE bare ENGINE = Atomic")
        self._connection.query("USE bare")
        self._connection.query(
            f"CREATE TABLE bare ({kinds}) ENGINE = MergeTree ORDER BY {order} SETTINGS {_DURABLE}"
        )

    def insert(self, rows: pa.Table) -> float:
        """Insert rows from Arrow; answers the seconds that took."""
        # The engine finds the table of Python(rows) by the name of this very argument.
        names = ", ".join(rows.column_names)
        began = perf_counter()
        self._connection.query(
            f"INSERT INTO bare ({names}) SETTINGS async_insert = 0 SELECT {names} FROM Python(rows)"
        )
        return perf_counter() - began

    def count(self) -> int:
        """How many rows there are."""
        return int(self._connection.query("SELECT count() FROM bare", "CSV").bytes())

    def close(self) -> None:
        """Let go of the folder."""
        self._connection.close()
