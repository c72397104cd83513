"""What one connection asks of the engine: statements, parameters, and tables beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chdb

from tests.support.clickhouse.blocks import Block, from_native, to_native

_INSERT = re.compile(r"\s*INSERT\s+INTO\s+(\S+)\s*\(([^()]*)\)\s*VALUES\s*;?\s*", re.IGNORECASE)
_ANSWERING = re.compile(r"[\s(]*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.IGNORECASE)


class Session:
    """One connection of the engine's, in a database."""

    def __init__(self, folder: Path, database: str) -> None:
        self._connection = chdb.connect(str(folder))
        self._settings: dict[str, str] = {}
        if database:
            self._ask(f"USE {database}")

    def close(self) -> None:
        """Let go of the engine."""
        self._connection.close()

    def configure(self, settings: Mapping[str, str]) -> None:
        """Let exactly these settings stand for what comes next."""
        terms = [f"{name} = DEFAULT" for name in self._settings.keys() - settings.keys()]
        terms += [
            f"{name} = {_quoted(value)}"
            for name, value in settings.items()
            if self._settings.get(name) != value
        ]
        if terms:
            self._ask(f"SET {', '.join(terms)}")
        self._settings = dict(settings)

    def sample(self, statement: str) -> Block | None:
        """The columns that a statement waits for; None if it brings all it needs."""
        found = _INSERT.fullmatch(statement)
        return None if found is None else self._header(f"SELECT {found[2]} FROM {found[1]}")

    def insert(self, statement: str, blocks: list[Block]) -> None:
        """Run a statement on blocks that have come behind it."""
        with _file(to_native(blocks)) as path:
            found = _INSERT.fullmatch(statement)
            assert found is not None
            self._ask(f"INSERT INTO {found[1]} ({found[2]}) FROM INFILE '{path}' FORMAT Native")

    def run(
        self, statement: str, parameters: Mapping[str, str], tables: Mapping[str, Block]
    ) -> Iterator[Block]:
        """The blocks of an answer; the first has no rows, as a server's."""
        with self._beside(tables):
            content = self._ask(statement, parameters)
            blocks = list(from_native(content))
            if blocks:
                yield Block(blocks[0].columns, [])
            elif _ANSWERING.match(statement):
                yield self._header(statement, parameters)
        yield from blocks

    def _header(self, select: str, parameters: Mapping[str, str] | None = None) -> Block:
        described = self._ask(f"DESCRIBE ({select})", parameters)
        [found] = from_native(described)
        names, kinds = found.values[:2]
        return Block([(n.decode(), k.decode()) for n, k in zip(names, kinds, strict=True)], [])

    @contextmanager
    def _beside(self, tables: Mapping[str, Block]) -> Iterator[None]:
        for name, block in tables.items():
            columns = ", ".join(f"`{column}` {kind}" for column, kind in block.columns)
            self._ask(f"CREATE TEMPORARY TABLE {name} ({columns}) ENGINE = Memory")
            if block.values:
                with _file(to_native([block])) as path:
                    self._ask(f"INSERT INTO {name} FROM INFILE '{path}' FORMAT Native")
        try:
            yield
        finally:
            for name in tables:
                self._ask(f"DROP TEMPORARY TABLE {name}")

    def _ask(self, statement: str, parameters: Mapping[str, str] | None = None) -> bytes:
        answer: Any = self._connection.query(statement, "Native", params=dict(parameters or {}))
        content: bytes = answer.bytes()
        return content


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """The path of a file in memory."""
    with os.fdopen(os.memfd_create("block"), "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
