"""Equal tables: the same order-independent digest of the key and value columns of current rows.

Provenance (versions, positions, generation) is left out, so that tables are comparable between
generations and between logs with the same facts in another order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import EventLog, StoredRecord
from events.sql.tables import reading
from projections.differences.in_columns import ColumnTable, column_tables
from projections.differences.in_journal import fingerprint, first_copies, journaled
from projections.stores.columns import Columns
from projections.stores.rows import FOLD_TABLES

_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class TableDigest:
    """A table's name, how many rows it has, and a digest that does not depend on their order."""

    table: str
    rows: int
    digest: str


def row_digests(rows: sa.Engine, generation: int) -> list[TableDigest]:
    """The digests of the row read models of a generation."""
    digests = []
    with reading(rows).begin() as connection:
        for name, table in sorted(FOLD_TABLES.items()):
            found = connection.execute(
                sa.select(table.c.workspace, table.c.id, table.c.doc).where(
                    table.c.generation == generation
                )
            )
            count = total = 0
            for workspace, identity, doc in found:
                content = f"{workspace}\0{identity}\0".encode() + doc
                part = hashlib.blake2b(content, digest_size=8).digest()
                total = (total + int.from_bytes(part, "big")) & _MASK
                count += 1
            digests.append(TableDigest(f"rows.{name}", count, f"{total:016x}"))
    return digests


def column_digests(columns: Columns, generation: int) -> list[TableDigest]:
    """The digests of the column tables of a generation."""
    return [_digest(columns, table, generation) for table in column_tables()]


def log_digest(log: EventLog, until: Cursor) -> TableDigest:
    """What the journal must hold: every event of the log before a cursor, once, with its bytes."""
    return _sum(first_copies(log, until))


def journal_digest(columns: Columns) -> TableDigest:
    """What the journal holds, as records of the log."""
    return _sum(record for _, record in journaled(columns))


def _sum(records: Iterable[StoredRecord]) -> TableDigest:
    rows = total = 0
    for record in records:
        rows += 1
        total = (total + fingerprint(record)) & _MASK
    return TableDigest("columns.journal", rows, f"{total:016x}")


def _digest(columns: Columns, table: ColumnTable, generation: int) -> TableDigest:
    read = ("workspace", *table.key, *table.values)
    values = ", ".join(f"ifNull(toString({column}), '')" for column in read)
    row = columns.query(
        f"SELECT count() AS rows, hex(sum(cityHash64({values}))) AS digest FROM {table.present}",
        {"before": generation, "after": generation},
    ).to_pylist()[0]
    return TableDigest(f"columns.{table.name}", row["rows"], str(row["digest"]).lower())
