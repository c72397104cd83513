"""Steps that bring the log's file from one format to the next; each is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from events.blocks import pack
from events.cursor import Place
from events.log import Record
from events.places import number_of
from events.sqlite_file import connect, places

_RECORDS = 10_000
_CREATE = (
    "CREATE TABLE block (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, "
    "recorded_at INTEGER NOT NULL, body BLOB NOT NULL)"
)


def log_in_blocks(folder: Path) -> None:
    """Format 1, a row per record and tables of seen ids by day, to format 2, blocks.

    The log's own ids are not lost with those tables: it notes them again when it is opened.
    """
    path = folder / "log.db"
    if not path.exists():
        return
    with closing(connect(path)) as connection:
        row = connection.execute("SELECT version, partitions FROM log_format").fetchone()
        if row is None or row[0] != 1:
            return
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_CREATE)
        days = _days(connection)
        for place in places(row[1]):
            _convert(connection, place, days)
        for day in days:
            connection.execute(f"DROP TABLE {day}")
        connection.execute("UPDATE log_format SET version = 2")
        connection.execute("COMMIT")


def _days(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'seen_[0-9]*'")
    return [name for (name,) in found.fetchall()]


def _convert(connection: sqlite3.Connection, place: Place, days: list[str]) -> None:
    start = 0
    for recorded_at, records in _commits(connection, place, days):
        for count, body in pack(records):
            connection.execute(
                "INSERT INTO block VALUES (?, ?, ?, ?)",
                (number_of(place, start), count, recorded_at, body),
            )
            start += count
    connection.execute(f"DROP TABLE {table_of(place)}")


def table_of(place: Place) -> str:
    """Where format 1 kept the records of a partition."""
    return f"log_{place[0].split('.')[1]}_{place[1]}"


def _commits(
    connection: sqlite3.Connection, place: Place, days: list[str]
) -> Iterator[tuple[int, list[Record]]]:
    """Records of a partition in their order, those of one recorded time together."""
    rows = connection.execute(
        "SELECT recorded_at, event_id, type, key, head, data "
        f"FROM {table_of(place)} ORDER BY offset"
    )
    for recorded_at, group in groupby(rows, key=itemgetter(0)):
        while some := list(islice(group, _RECORDS)):
            yield recorded_at, [_record(connection, place, days, row) for row in some]


def _record(
    connection: sqlite3.Connection, place: Place, days: list[str], row: tuple[Any, ...]
) -> Record:
    _, raw, kind, key, head, data = row
    digest = _digest(connection, days, raw)
    # An id that no day knows was drawn at random, or is older than the window: not looked up.
    return Record(
        place[0], key, UUID(bytes=raw), kind, head, data, digest or b"", fresh=digest is None
    )


def _digest(connection: sqlite3.Connection, days: list[str], raw: bytes) -> bytes | None:
    for day in days:
        row = connection.execute(f"SELECT digest FROM {day} WHERE event_id = ?", (raw,)).fetchone()
        if row is not None:
            return bytes(row[0])
    return None
