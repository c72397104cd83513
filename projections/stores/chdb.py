"""Columns in chDB, the ClickHouse engine inside this process: one folder per process.

A connection runs its queries one after another, so each thread has one of its own; opening one
costs about a millisecond. Concurrency of heavy readers is bounded, since they share the cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import chdb
import pyarrow as pa

from projections.stores.chdb_definitions import Definitions, clear_torn, defines
from projections.stores.chdb_parts import Parts
from projections.stores.columns import SETTINGS, Columns, Parameters
from projections.stores.trouble import trouble
from schemas.errors import OutOfRoom

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"})
_SETTINGS = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())


class ChdbColumns(Columns):
    """One database in a folder of chDB.

    Raises ``OutOfRoom`` where there is none to make it in, and ``Unreadable`` for a folder that
    must be restored.
    """

    def __init__(
        self, folder: Path, database: str = "answerback", *, is_running: bool = False
    ) -> None:
        self._folder = str(folder)
        self.database = database
        self._local = threading.local()
        self._settings = _SETTINGS
        self._lock = threading.Lock()
        self._connections: list[Any] = []
        if not is_running:
            clear_torn(folder)
        first = chdb.connect(self._folder)
        self._connections.append(first)
        first.query(f"CREATE DATABASE IF NOT EXISTS {database} ENGINE = Atomic")
        self._definitions = Definitions(folder, database)
        if not self._definitions.has_database():
            first.query(f"DROP DATABASE {database} SYNC")
            raise OutOfRoom(f"No space left on device: no database could be made in {folder}.")
        self._parts = Parts(self, folder)
        self._parts.clear()

    def run(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> None:
        if defines(sql):
            self._define(sql)
            return
        if sql.startswith("INSERT"):
            self._parts.check_room()
        self._answer(sql, "Null", parameters, given)

    def query(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> pa.Table:
        answer = self._answer(sql, "Arrow", parameters, given)
        with pa.ipc.open_file(pa.BufferReader(answer.bytes())) as reader:
            return reader.read_all()

    def insert(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        if rows.num_rows == 0:
            return
        names = ", ".join(rows.column_names)
        once = f"insert_deduplication_token = '{token}', " if token else ""
        with _in_memory(rows) as path:
            # async_insert would ignore the token: it is on by default in this engine.
            self.run(
                f"INSERT INTO {table} ({names}) FROM INFILE '{path}' SETTINGS async_insert = 0, "
                f"{once}max_insert_threads = 1, min_insert_block_size_rows = 10000000, "
                "min_insert_block_size_bytes = 0 FORMAT Arrow"
            )

    def settle(self) -> int:
        return self._parts.settle()

    def small(self) -> ChdbColumns:
        other = copy(self)
        other._local = threading.local()
        other._settings = f"{_SETTINGS}, max_threads = 1"
        return other

    def beside(self, database: str) -> ChdbColumns:
        self.drop_beside(database)
        return ChdbColumns(Path(self._folder), database, is_running=True)

    def drop_beside(self, prefix: str) -> None:
        found = self.query(
            "SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})",
            {"prefix": prefix},
        )
        for name in found.column("name").to_pylist():
            if name != self.database:
                self.run(f"DROP DATABASE IF EXISTS {name} SYNC")

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _define(self, sql: str) -> None:
        """Run a statement that writes definitions; none of it was, if ``OutOfRoom`` is raised."""
        self._parts.check_room()
        before = self._definitions.texts()
        self._answer(sql, "Null", None, None)
        torn, new = self._definitions.put_back(before)
        for name in new:
            self._answer(f"DROP TABLE {name} SYNC", "Null", None, None)
        if torn:
            raise OutOfRoom(f"No space left on device: {', '.join(torn)} could not be defined.")

    def _answer(
        self, sql: str, form: str, parameters: Parameters | None, given: pa.Table | None
    ) -> Any:
        # chDB finds the table of Python(given) by the name of this very variable.
        bound = {name: _bound(value) for name, value in (parameters or {}).items()}
        try:
            return self._connection().query(
                sql.replace("$given", "Python(given)"), form, params=bound
            )
        except RuntimeError as error:
            self._leave()
            raise trouble(f"{str(error)[:500]} [{sql[:200]}]") from None

    def _connection(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = chdb.connect(self._folder)
            connection.query(f"USE {self.database}")
            connection.query(f"SET {self._settings}")
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def _leave(self) -> None:
        """Never ask a connection again that has failed: its next answer may begin with the rest of
        the one that was broken off.
        """
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            with self._lock:
                self._connections.remove(connection)
            connection.close()


@contextmanager
def _in_memory(rows: pa.Table) -> Iterator[str]:
    """The path of a file in memory that holds the rows.

    The engine reads it at two thirds of what ``Python(rows)`` costs for the journal's 54 columns.
    """
    with os.fdopen(os.memfd_create("rows"), "wb") as file:
        with pa.ipc.new_file(file, rows.schema) as writer:
            writer.write_table(rows)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _bound(value: str | int) -> str:
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
