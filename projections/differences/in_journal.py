"""What the journal should have: every event of the log once, also in its copies in other orders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from events.cursor import TOPICS, Cursor
from events.log import EventLog, StoredRecord
from projections.columns.journal import stored_record
from projections.differences.difference import Difference, RowDifference, What, grouped
from projections.stores.columns import Columns
from projections.stores.tables import EVER_JOURNALED, JOURNAL_COPIES

_PAGE = 5000
_AT_ONCE = 50_000
"""About so many events of the journal are looked at together."""


def first_copies(log: EventLog, until: Cursor) -> Iterator[StoredRecord]:
    """Every event of the log before a cursor; of copies that are far apart, the first."""
    seen: set[UUID] = set()
    for topic in TOPICS:
        for partition in range(log.partitions):
            offset, end = 0, until[topic, partition]
            while offset < end:
                page = log.read(topic, partition, offset, min(_PAGE, end - offset))
                offset = page.end
                for record in page.records:
                    if record.event_id not in seen:
                        seen.add(record.event_id)
                        yield record


def journaled(columns: Columns) -> Iterator[tuple[str, StoredRecord]]:
    """Workspace and record of every row of the journal; of later copies, the first."""
    buckets = _buckets(columns)
    for bucket in range(buckets):
        found = columns.query(
            f"SELECT * FROM {EVER_JOURNALED} "
            "WHERE cityHash64(event_id) % {buckets:UInt32} = {bucket:UInt32}",
            {"bucket": bucket, "buckets": buckets},
        )
        rows = found.to_pylist()
        firsts: dict[str, tuple[int, int]] = {}
        for row in rows:
            place = _place(row)
            firsts[row["event_id"]] = min(firsts.get(row["event_id"], place), place)
        for row in rows:
            if firsts[row["event_id"]] == _place(row):
                yield row["workspace"], stored_record(row)


def _buckets(columns: Columns) -> int:
    (count,) = columns.query(f"SELECT count() AS n FROM {EVER_JOURNALED}").column("n").to_pylist()
    return 1 + int(count) // _AT_ONCE


def _place(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["log_partition"], row["log_offset"]


def fingerprint(record: StoredRecord) -> int:
    """A number for what an event says, below 2**64."""
    # Position and recorded time are left out: of two copies of an event either may be the first.
    content = b"\0".join((record.key.encode(), record.type.encode(), record.head, record.data))
    digest = hashlib.blake2b(record.event_id.bytes + content, digest_size=8).digest()
    return int.from_bytes(digest, "big")


def journal_differences(columns: Columns, log: EventLog, until: Cursor) -> list[Difference]:
    """The events by which the journal differs from the log."""
    return grouped("columns.journal", _differing(columns, log, until))


def _differing(
    columns: Columns, log: EventLog, until: Cursor
) -> Iterator[tuple[What, RowDifference]]:
    told = {one.event_id: (one.key, fingerprint(one)) for one in first_copies(log, until)}
    found: set[UUID] = set()
    for workspace, record in journaled(columns):
        name = RowDifference(workspace, str(record.event_id))
        if record.event_id not in told:
            yield What.MISSING, name
        elif record.event_id in found:
            yield What.DOUBLED, name
        elif told[record.event_id][1] != fingerprint(record):
            yield What.CHANGED, name
        found.add(record.event_id)
    for event_id, (key, _) in told.items():
        if event_id not in found:
            yield What.ADDED, RowDifference(key.partition(":")[0], str(event_id))


def copies_differences(columns: Columns) -> list[Difference]:
    """The events by which the journal's copies in other orders differ from it."""
    found: list[Difference] = []
    for name, bound in JOURNAL_COPIES.items():
        found += grouped(f"columns.{name}", _between(columns, name, bound))
    return found


def _between(columns: Columns, name: str, bound: str) -> Iterator[tuple[What, RowDifference]]:
    content = "cityHash64(type, person, message_key, occurred_at, data, log_offset)"
    buckets = _buckets(columns)
    for bucket in range(buckets):
        rows = columns.query(
            f"""
SELECT workspace, toString(event_id) AS id,
    countIf(here) AS of_journal, countIf(NOT here) AS of_copy
FROM (
    SELECT workspace, event_id, true AS here, {content} AS content FROM journal WHERE {bound}
    UNION ALL
    SELECT workspace, event_id, false AS here, {content} AS content FROM {name}
)
WHERE cityHash64(event_id) % {{buckets:UInt32}} = {{bucket:UInt32}}
GROUP BY workspace, event_id HAVING of_journal != of_copy OR uniqExact(content) > 1
""",
            {"bucket": bucket, "buckets": buckets},
        ).to_pylist()
        for row in rows:
            what = _what(row["of_copy"], row["of_journal"])
            yield what, RowDifference(row["workspace"], row["id"])


def _what(before: int, after: int) -> What:
    if before == 0:
        return What.ADDED
    if after == 0:
        return What.MISSING
    return What.DOUBLED if before != after else What.CHANGED
