"""Columns on a ClickHouse server, over its native protocol.

A client serves one thread at a time, so each thread has one of its own. Parameters become literals
here, escaped by the driver, since what servers bind themselves depends on their revision.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from clickhouse_driver import Client
from clickhouse_driver.errors import Error, NetworkError, SocketTimeoutError
from clickhouse_driver.util.escape import escape_param

from projections.stores.columns import SETTINGS, Columns, Parameters
from projections.stores.trouble import trouble

_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
_GIVEN = "_given"
_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 300
_ALL_ROWS = 10_000_000
_TYPES = {
    pa.string(): "String",
    pa.bool_(): "Bool",
    pa.int64(): "Int64",
    pa.uint64(): "UInt64",
    pa.uint32(): "UInt32",
}


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
        self.database = server.database
        self._local = threading.local()
        self._settings: dict[str, Any] = dict(SETTINGS)
        self._lock = threading.Lock()
        self._clients: list[Client] = []
        self._make_database()

    def run(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> None:
        self._asked("execute", sql, parameters, given)

    def query(
        self, sql: str, parameters: Parameters | None = None, given: pa.Table | None = None
    ) -> pa.Table:
        return self._asked("query_arrow", sql, parameters, given, field_metadata=False)

    def insert(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        if rows.num_rows == 0:
            return
        # async_insert would ignore the token, and a token names what one block holds.
        settings = {**self._settings, "async_insert": 0, "insert_block_size": _ALL_ROWS,
                    "max_insert_threads": 1}  # fmt: skip
        if token:
            settings["insert_deduplication_token"] = token
        self._call(
            "execute",
            f"INSERT INTO {table} ({', '.join(rows.column_names)}) VALUES",
            [_values(column) for column in rows.columns],
            columnar=True,
            settings=settings,
        )

    def small(self) -> ClickHouseColumns:
        other = copy(self)
        other._settings = {**self._settings, "max_threads": 1}
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
        with self._lock:
            for client in self._clients:
                client.disconnect()
            self._clients.clear()

    # Inside

    def _asked(
        self, how: str, sql: str, parameters: Parameters | None, given: pa.Table | None,
        **more: Any,
    ) -> Any:  # fmt: skip
        text = _bound(sql.replace("$given", _GIVEN), parameters or {})
        tables = None if given is None else [_external(given)]
        return self._call(how, text, external_tables=tables, settings=self._settings, **more)

    def _call(self, how: str, text: str, *arguments: Any, **named: Any) -> Any:
        client = self._client()
        try:
            return getattr(client, how)(text, *arguments, **named)
        except (NetworkError, SocketTimeoutError, EOFError, OSError) as error:
            client.disconnect()  # what half of an answer was read is not to be guessed at
            raise trouble(f"The column store cannot be reached: {error}") from None
        except Error as error:
            client.disconnect()
            raise trouble(f"{str(error)[:500]} [{text[:200]}]") from None

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = _opened(self._server, self.database)
            with self._lock:
                self._clients.append(client)
        return client

    def _make_database(self) -> None:
        client = _opened(self._server, "default")
        try:
            client.execute(f"CREATE DATABASE IF NOT EXISTS {self.database} ENGINE = Atomic")
        except (Error, EOFError, OSError) as error:
            raise trouble(f"The column store cannot be opened: {error}") from None
        finally:
            client.disconnect()


def _opened(server: Server, database: str) -> Client:
    """A client; it connects when it is asked something, and again after it was disconnected."""
    return Client(
        server.host, server.port, database, server.user, server.password,
        secure=server.secure, ca_certs=server.authority, client_name="answerback",
        connect_timeout=_CONNECT_SECONDS, send_receive_timeout=_ANSWER_SECONDS,
    )  # fmt: skip


def _bound(sql: str, parameters: Parameters) -> str:
    """The text with its parameters as literals of their types."""

    def literal(match: re.Match[str]) -> str:
        value = parameters[match[1]]
        if match[2] == "String":
            return str(escape_param(str(value), None))
        return f"to{match[2]}({int(value)})"

    return _PARAMETER.sub(literal, sql)


def _external(given: pa.Table) -> dict[str, Any]:
    structure = [(field.name, _TYPES[field.type]) for field in given.schema]
    columns = [column.to_pylist() for column in given.columns]
    return {"name": _GIVEN, "structure": structure, "data": list(zip(*columns, strict=True))}


def _values(column: pa.ChunkedArray) -> Sequence[Any]:
    """The values as the driver takes them: it makes of texts whatever a column's type is."""
    if pa.types.is_map(column.type):
        return [None if pairs is None else dict(pairs) for pairs in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values
