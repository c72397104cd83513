"""Ceilings of what lies in SQLite: the driver alone, as durable, with the same bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from events.log import Record

Row = Sequence[Any]
_PAGE = 5000
_LOG = (
    "CREATE TABLE IF NOT EXISTS log (offset INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, "
    "event_id BLOB NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL, head BLOB NOT NULL, "
    "data BLOB NOT NULL)"
)


def sqlite_version() -> str:
    """The library that the driver has."""
    return sqlite3.sqlite_version


def open_bare(path: Path) -> sqlite3.Connection:
    """A file as durable as ours."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


class BareLog:
    """Records in one table, a transaction for so many of them, and nothing else."""

    def __init__(self, path: Path) -> None:
        self._connection = open_bare(path)
        self._connection.execute(_LOG)
        self._next = 0

    def append(self, records: Sequence[Record], at_once: int) -> float:
        """Insert all, ``at_once`` a transaction; answers the seconds that took."""
        rows = [
            (self._next + place, 0, r.event_id.bytes, r.type, r.key, r.head, r.data)
            for place, r in enumerate(records)
        ]
        self._next += len(rows)
        began = perf_counter()
        for start in range(0, len(rows), at_once):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO log VALUES (?,?,?,?,?,?,?)", rows[start : start + at_once]
            )
            self._connection.execute("COMMIT")
        return perf_counter() - began

    def read(self) -> float:
        """Read all rows in order; answers the seconds that took."""
        began = perf_counter()
        cursor = self._connection.execute("SELECT * FROM log ORDER BY offset")
        while cursor.fetchmany(_PAGE):
            pass
        return perf_counter() - began

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def copy_rows(source: Path, target: Path, transactions: int) -> tuple[int, float]:
    """Insert all rows of a file's tables into an empty file of the same tables and indexes.

    In so many transactions. Answers how many rows there were, and the seconds that took.
    """
    read, write = sqlite3.connect(source), open_bare(target)
    schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    for (sql,) in read.execute(f"{schema} ORDER BY type = 'index'").fetchall():
        write.execute(sql)
    tables = {
        name: read.execute(f'SELECT * FROM "{name}"').fetchall()
        for (name,) in read.execute("SELECT name FROM sqlite_master WHERE type = 'table' "
                                    "AND name NOT LIKE 'sqlite_%'").fetchall()
    }  # fmt: skip
    began = perf_counter()
    for number in range(transactions):
        write.execute("BEGIN IMMEDIATE")
        for name, rows in tables.items():
            _insert(write, name, rows[number::transactions])
        write.execute("COMMIT")
    spent = perf_counter() - began
    read.close()
    write.close()
    return sum(map(len, tables.values())), spent


def _insert(connection: sqlite3.Connection, name: str, rows: Iterable[Row]) -> None:
    some = list(rows)
    if some:
        marks = ",".join("?" * len(some[0]))
        connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', some)
