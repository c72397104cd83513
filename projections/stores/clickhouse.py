"""Columns on a ClickHouse server, over its native protocol.

Parameters go beside the text, for the server to bind, which it does from version 22.8 on. What is
given with a query goes as an external table. An insert is one block, so that its token names all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from clickhouse_driver.errors import Error

from projections.stores.clickhouse_connections import Connections
from projections.stores.clickhouse_values import kind_of, read_table, written
from projections.stores.columns import SETTINGS, Columns, Parameters
from projections.stores.trouble import trouble

# async_insert would ignore the token; a block that is cut in two would have it twice.
_WHOLE: Mapping[str, int] = {
    "async_insert": 0,
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 10000000,
    "min_insert_block_size_bytes": 0,
}
# The driver's own: texts are bytes, and the server binds.
_DRIVER: Mapping[str, int] = {
    "strings_as_bytes": True, "server_side_params": True, "insert_block_size": 2**31,
}  # fmt: skip
_GIVEN = "given"
# What a column refuses is raised as whatever the conversion raises: a store refuses the statement.
_REFUSED = (Error, OSError, EOFError, ValueError, TypeError, ArithmeticError, LookupError)


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is, and who asks."""

    host: str
    port: int = 9000
    user: str = "default"
    password: str = ""
    database: str = "answerback"
    secure: bool = False
    authority: str | None = None


class ClickHouseColumns(Columns):
    """One database of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._settings: Mapping[str, int] = SETTINGS
        self.database = server.database
        self._make_database()
        self._connections = self._reached(server.database)

    def run(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> None:
        self._answer(sql, parameters, given)

    def query(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> pa.Table:
        with _told(sql):
            return read_table(*self._answer(sql, parameters, given))

    def insert(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        if rows.num_rows == 0:
            return
        once = {"insert_deduplication_token": token} if token else {}
        text = f"INSERT INTO {table} ({', '.join(rows.column_names)}) VALUES"
        with _told(text), self._connections.one() as client:
            client.execute(
                text,
                rows.columns,
                settings={**self._settings, **_DRIVER, **_WHOLE, **once, **_nulls(rows)},
                columnar=True,
            )

    def settle(self) -> int:
        return 0  # a server refuses what it cannot write

    def small(self) -> ClickHouseColumns:
        other = copy(self)
        other._settings = {**SETTINGS, "max_threads": 1}
        return other

    def beside(self, database: str) -> ClickHouseColumns:
        self.drop_beside(database)
        return ClickHouseColumns(replace(self._server, database=database))

    def drop_beside(self, prefix: str) -> None:
        found = self.query(
            "SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})",
            {"prefix": prefix},
        )
        for name in found.column("name").to_pylist():
            if name != self.database:
                self.run(f"DROP DATABASE IF EXISTS {name} SYNC")

    def close(self) -> None:
        self._connections.close()

    def _make_database(self) -> None:
        """Nobody can be connected to a database that is missing."""
        text = f"CREATE DATABASE IF NOT EXISTS {self.database} ENGINE = Atomic"
        connections = self._reached("default")
        try:
            with _told(text), connections.one() as client:
                client.execute(text)
        finally:
            connections.close()

    def _reached(self, database: str) -> Connections:
        server = self._server
        return Connections(
            database, host=server.host, port=server.port, user=server.user,
            password=server.password, secure=server.secure, ca_certs=server.authority,
        )  # fmt: skip

    def _answer(
        self, sql: str, parameters: Parameters | None, given: pa.Table | None
    ) -> tuple[Any, Any]:
        """The columns of an answer, and their names and types."""
        with _told(sql), self._connections.one() as client:
            answer: tuple[Any, Any] = client.execute(
                sql.replace("$given", _GIVEN),
                dict(parameters or {}),
                with_column_types=True,
                external_tables=None if given is None else [_external(given)],
                settings={**self._settings, **_DRIVER},
                columnar=True,
            )
            return answer


@contextmanager
def _told(sql: str) -> Iterator[None]:
    """Tell of trouble as the other stores do, with the beginning of the statement."""
    try:
        yield
    except _REFUSED as error:
        raise trouble(f"{str(error)[:500]} [{sql[:200]}]") from None


def _nulls(rows: pa.Table) -> dict[str, bool]:
    """Have the driver send defaults for what is none, as the engine does; this costs time."""
    found = any(column.null_count for column in rows.columns)
    return {"input_format_null_as_default": True} if found else {}


def _external(rows: pa.Table) -> dict[str, Any]:
    kinds = [kind_of(kind) for kind in rows.schema.types]
    columns = [written(column, kind) for column, kind in zip(rows.columns, kinds, strict=True)]
    return {
        "name": _GIVEN,
        "structure": list(zip(rows.column_names, kinds, strict=True)),
        "data": list(zip(*columns, strict=True)),
    }
