"""Equal tables: the same order-independent digest of the key and value columns of current rows.

Provenance (versions, positions, generation) is left out, so that tables are comparable between
generations and between logs with the same facts in another order.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from events.cursor import TOPICS, Cursor
from events.log import EventLog, StoredRecord
from events.sql.tables import reading
from projections.columns.journal import stored_record
from projections.stores.columns import Columns
from projections.stores.rows import FOLD_TABLES
from projections.stores.tables import COPY_COLUMNS, ENTITY_COLUMNS, JUDGEMENT_COLUMNS

_MASK = 2**64 - 1
_PAGE = 5000
_BUCKETS = 16
_PROVENANCE = frozenset(("generation", "version", "ordinal", "deleted"))


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
    digests = [_digest(columns, "judgement", JUDGEMENT_COLUMNS, "judgement FINAL", generation)]
    for name, declared in COPY_COLUMNS.items():
        latest = (
            f"(SELECT * FROM (SELECT * FROM {name}_copy WHERE generation = {{generation:UInt32}} "
            "ORDER BY version DESC LIMIT 1 BY workspace, id) WHERE NOT deleted)"
        )
        digests.append(_digest(columns, name, declared, latest, generation))
    for name, declared in ENTITY_COLUMNS.items():
        whole = {"workspace": "", **declared}
        present = f"(SELECT * FROM {name} FINAL WHERE NOT deleted)"
        digests.append(_digest(columns, name, whole, present, generation))
    return digests


def log_digest(log: EventLog, until: Cursor) -> TableDigest:
    """What the journal must hold: every event of the log before a cursor, once, with its bytes."""
    seen: set[UUID] = set()
    total = 0
    for topic in TOPICS:
        for partition in range(log.partitions):
            offset, end = 0, until[topic, partition]
            while offset < end:
                page = log.read(topic, partition, offset, min(_PAGE, end - offset))
                offset = page.end
                for record in page.records:
                    if record.event_id not in seen:
                        seen.add(record.event_id)
                        total = (total + _fingerprint(record)) & _MASK
    return TableDigest("columns.journal", len(seen), f"{total:016x}")


def journal_digest(columns: Columns) -> TableDigest:
    """What the journal holds, as records of the log."""
    rows = total = 0
    for bucket in range(_BUCKETS):
        found = columns.query(
            "SELECT * FROM journal WHERE cityHash64(event_id) % {buckets:UInt32} = {bucket:UInt32}",
            {"bucket": bucket, "buckets": _BUCKETS},
        )
        for row in found.to_pylist():
            rows += 1
            total = (total + _fingerprint(stored_record(row))) & _MASK
    return TableDigest("columns.journal", rows, f"{total:016x}")


def _fingerprint(record: StoredRecord) -> int:
    # Position and recorded time are left out: of two copies of an event either may be the first.
    content = b"\0".join((record.key.encode(), record.type.encode(), record.head, record.data))
    digest = hashlib.blake2b(record.event_id.bytes + content, digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _digest(
    columns: Columns,
    name: str,
    declared: dict[str, str],
    source: str,
    generation: int,
) -> TableDigest:
    values = ", ".join(f"ifNull(toString({c}), '')" for c in declared if c not in _PROVENANCE)
    row = columns.query(
        f"SELECT count() AS rows, hex(sum(cityHash64({values}))) AS digest FROM {source} "
        "WHERE generation = {generation:UInt32}",
        {"generation": generation},
    ).to_pylist()[0]
    return TableDigest(f"columns.{name}", row["rows"], str(row["digest"]).lower())
