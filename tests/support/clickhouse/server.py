"""A server of the native protocol over the engine in this process.

As a process of its own: ``python -m tests.support.clickhouse.server FOLDER PORT``; it ends with
SIGTERM, and what was inserted outlives ``kill -9`` as it does with the engine itself.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import chdb
import orjson

from tests.support.clickhouse.wire import (
    DATA,
    HELLO,
    PING,
    QUERY,
    SAID_END,
    SAID_PONG,
    Block,
    Wire,
    blocks_of,
)

_INSERT = re.compile(r"\s*INSERT\s+INTO\s+(\S+)\s*\(([^)]*)\)\s*VALUES\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")
_CLIENTS_OWN = frozenset(("insert_block_size", "strings_as_bytes", "use_numpy"))
_LARGE = "min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 0"


class ClickHouse:
    """Listens until it is closed."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = str(folder)
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self._clients: set[socket.socket] = set()
        self._keep = chdb.connect(self._folder)  # so that the engine stays between clients
        threading.Thread(target=self._accept, name="clickhouse", daemon=True).start()

    def close(self) -> None:
        """Refuse everybody from now on."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for client in list(self._clients):
            client.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        engine = chdb.connect(self._folder)
        try:
            Session(Wire(client), engine).serve()
        except (EOFError, OSError):
            pass  # the client has gone
        finally:
            engine.close()
            self._clients.discard(client)
            client.close()


class Session:
    """One client and its session of the engine."""

    def __init__(self, wire: Wire, engine: Any) -> None:
        self._wire = wire
        self._engine = engine
        self._settings: dict[str, str] = {}

    def serve(self) -> None:
        """Answer until the client goes."""
        while True:
            kind = self._wire.packet()
            if kind == HELLO:
                self._engine.query(f"USE {self._wire.hello() or 'default'}")
            elif kind == PING:
                self._wire.say(SAID_PONG)
            elif kind == QUERY:
                self._answer()
            elif kind != DATA:
                raise EOFError(f"packet {kind}")

    def _answer(self) -> None:
        text, settings = self._wire.query()
        tables = self._tables()
        try:
            self._set(settings)
            insert = _INSERT.fullmatch(text)
            if insert:
                self._insert(insert[1], insert[2])
            else:
                self._run(text, tables)
        except RuntimeError as error:
            words = str(error)
            code = _CODE.search(words)
            self._wire.say_error(int(code[1]) if code else 1000, words)
            return
        self._wire.say(SAID_END)

    def _tables(self) -> list[Block]:
        """The tables that come with a query, up to the empty block that ends them."""
        found = []
        while (block := self._wire.block()).structure:
            found.append(block)
        return found

    def _set(self, settings: dict[str, str]) -> None:
        """Have exactly these settings; those of the query before are taken back."""
        wanted = {name: value for name, value in settings.items() if name not in _CLIENTS_OWN}
        gone = self._settings.keys() - wanted.keys()
        pairs = [f"{name} = DEFAULT" for name in gone]
        pairs += [f"{n} = '{v}'" for n, v in wanted.items() if self._settings.get(n) != v]
        if pairs:
            self._engine.query(f"SET {', '.join(pairs)}")
        self._settings = wanted

    def _run(self, text: str, tables: list[Block]) -> None:
        for table in tables:
            columns = ", ".join(f"{name} {kind}" for name, kind in table.structure)
            self._engine.query(f"CREATE OR REPLACE TEMPORARY TABLE {table.table} ({columns})")
            if table.rows:
                self._store(table.table, [name for name, _ in table.structure], table.native)
        native = self._engine.query(text, "Native").bytes()
        for block in blocks_of(native):
            self._wire.say_data(block)
        if not native and re.match(r"\s*(SELECT|WITH|SHOW|DESCRIBE)", text, re.IGNORECASE):
            self._wire.say_header(self._structure(text))

    def _insert(self, table: str, names: str) -> None:
        self._wire.say_header(self._structure(f"SELECT {names} FROM {table}"))
        blocks = []
        while (block := self._wire.block()).rows:
            blocks.append(block)
        columns = [name.strip() for name in names.split(",")]
        self._store(table, columns, b"".join(block.native for block in blocks))

    def _store(self, table: str, columns: list[str], native: bytes) -> None:
        with os.fdopen(os.memfd_create("rows"), "wb") as file:
            file.write(native)
            file.flush()
            self._engine.query(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"FROM INFILE '/proc/self/fd/{file.fileno()}' "
                f"SETTINGS {_LARGE}, max_insert_threads = 1 FORMAT Native"
            )

    def _structure(self, select: str) -> list[tuple[str, str]]:
        told = self._engine.query(f"DESCRIBE ({select})", "JSONCompactEachRow").bytes()
        return [(row[0], row[1]) for row in map(orjson.loads, told.splitlines())]


if __name__ == "__main__":
    server = ClickHouse(Path(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(f"Listening on port {server.port}.\n")
    sys.stdout.flush()
    threading.Event().wait()
