"""Writes a page into the journal. What was seen at another position is a later copy: it is kept
beside the journal, since it stands when the first one's batch is undone.

The journal is one for all generations, so what was seen at its own position is there.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import orjson
import pyarrow as pa

from events.codec import content_digest, to_stored
from events.compose import Draft
from projections.columns.arrow import names_table, to_table
from projections.columns.journal import TOPIC_NAMES, TOPICS_BY_NAME, journal_row
from projections.page import Failure, Page
from projections.stores.columns import Columns
from projections.stores.tables import JOURNAL_COLUMNS
from schemas.catalogue import Topic, load_all
from schemas.derived.conflict import FactConflicted
from schemas.envelope import Event
from schemas.ids import named_id
from schemas.instants import Instant

_SEEN = {
    "event_id": "UUID",
    "digest": "FixedString(16)",
    "log_topic": "Enum8('facts' = 1, 'decisions' = 2, 'derived' = 3)",
    "log_partition": "UInt16",
    "log_offset": "UInt64",
}


Seen = dict[str, tuple[tuple[Any, ...], bytes]]
"""By id of an event, where its first copy lies, and its digest."""
_MISFITS = (
    pa.ArrowException, ValueError, TypeError, KeyError, AttributeError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Journaled:
    """The journal rows of a page, those of later copies, events about copies that said something
    else, and misfits.
    """

    rows: list[dict[str, Any]]
    again: list[dict[str, Any]]
    conflicts: list[Draft]
    failures: list[Failure]


@dataclass(slots=True)
class Fitting:
    """What of a page fits the journal: events with digests, their rows, the rows as a table."""

    firsts: list[tuple[Event, bytes]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    table: pa.Table = None

    def without(self, there: Set[str]) -> Fitting:
        """What is left of it when events are left out by their ids."""
        if not there:
            return self
        missing = [str(event.event_id) not in there for event, _ in self.firsts]
        return Fitting(
            firsts=list(compress(self.firsts, missing)),
            rows=list(compress(self.rows, missing)),
            table=self.table.filter(pa.array(missing, pa.bool_())),
        )


class Journaling:
    """Journals pages, each under its token."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def write(self, page: Page, token: str) -> Journaled:
        """Journal a page's events; a page written before under its token changes nothing."""
        if not page.events:
            return Journaled([], [], [], [])
        seen = self._seen([str(event.event_id) for event in page.events])
        there = set(seen)
        firsts, again, conflicts = _first_copies(page, seen)
        fitting = _fitting(firsts)
        missing = fitting.without(there)
        if missing.rows:
            self._insert(missing, token)
        # What of them does not fit is no loss: the first copy fits.
        copies = _fitting(again)
        if copies.rows:
            self._columns.insert("journal_again", copies.table, token)
        return Journaled(fitting.rows, copies.rows, conflicts, fitting.failures)

    def _insert(self, fitting: Fitting, token: str) -> None:
        rows, whole = fitting.rows, fitting.table
        self._columns.insert("journal", whole, token)
        self._columns.insert("journal_by_person", whole, token)
        keyed = [row for row in rows if row["message_key"]]
        if keyed:
            mask = pa.array([bool(row["message_key"]) for row in rows])
            self._columns.insert("journal_by_message", whole.filter(mask), token)
        named = [
            row for row in keyed
            if row["message_id"] and row["provider_ref"] and row["type"].endswith(".sent")
        ]  # fmt: skip
        if named:
            columns = ("workspace", "provider_ref", "message_id")
            table = names_table(**{name: [row[name] for row in named] for name in columns})
            self._columns.insert("provider_message", table, token)
        self._columns.insert("seen", _seen_table(fitting.firsts), token)

    def _seen(self, event_ids: list[str]) -> Seen:
        rows = self._columns.query(
            "SELECT toString(event_id) AS event_id, hex(digest) AS digest, "
            "toString(log_topic) AS log_topic, log_partition, log_offset FROM seen "
            "WHERE event_id IN (SELECT toUUID(name) FROM $given)",
            None,
            names_table(name=event_ids),
        ).to_pylist()
        return {
            row["event_id"]: (
                (TOPICS_BY_NAME[row["log_topic"]], row["log_partition"], row["log_offset"]),
                bytes.fromhex(row["digest"]),
            )
            for row in rows
        }


def _first_copies(
    page: Page, seen: Seen
) -> tuple[list[tuple[Event, bytes]], list[tuple[Event, bytes]], list[Draft]]:
    """The events whose ids were not seen at another position, with digests; and the others."""
    firsts: list[tuple[Event, bytes]] = []
    again: list[tuple[Event, bytes]] = []
    conflicts: list[Draft] = []
    for event in page.events:
        digest = content_digest(event.type, event.data)
        known = seen.setdefault(str(event.event_id), (event.position, digest))
        if known[0] == event.position:
            firsts.append((event, digest))
            continue
        again.append((event, digest))
        if known[1] != digest:
            conflicts.append(conflict(event))
    return firsts, again, conflicts


def _fitting(firsts: list[tuple[Event, bytes]]) -> Fitting:
    """What of a page fits the journal. Rows are tried together; only if that fails, one by one."""
    found = Fitting()
    for event, digest in firsts:
        try:
            found.rows.append(journal_row(event))
            found.firsts.append((event, digest))
        except _MISFITS as error:
            found.failures.append(_misfit(event, error))
    try:
        found.table = to_table(JOURNAL_COLUMNS, found.rows)
    except _MISFITS:
        return _one_by_one(found)
    return found


def _one_by_one(together: Fitting) -> Fitting:
    found = Fitting(failures=together.failures)
    tables = [to_table(JOURNAL_COLUMNS, [])]
    for row, (event, digest) in zip(together.rows, together.firsts, strict=True):
        try:
            tables.append(to_table(JOURNAL_COLUMNS, [row]))
        except _MISFITS as error:
            found.failures.append(_misfit(event, error))
            continue
        found.rows.append(row)
        found.firsts.append((event, digest))
    found.table = pa.concat_tables(tables).combine_chunks()
    return found


def _misfit(event: Event, error: Exception) -> Failure:
    return Failure(to_stored(event), f"The journal cannot take it: {error!r}")


def conflict(event: Event) -> Draft:
    """The event that says that a second copy of a fact said something else; the first stands."""
    digest = content_digest(event.type, event.data)
    fields = ", ".join(sorted(orjson.loads(event.data)))
    return Draft(
        kind=load_all().newest("fact.conflicted"),
        topic=Topic.DERIVED,
        workspace=event.workspace,
        producer="journal",
        event_id=named_id(event.workspace, "fact.conflicted", event.event_id, digest.hex()),
        payload=FactConflicted(
            first_event_id=event.event_id,
            difference=f"A copy of type {event.type} with the fields {fields} differs.",
        ),
        received_at=event.received_at,
        time=Instant(event.occurred_at),
        key_name=event.subject_id,
        causation_id=event.event_id,
    )


def _seen_table(firsts: list[tuple[Event, bytes]]) -> pa.Table:
    rows = [
        {
            "event_id": str(event.event_id),
            "digest": digest,
            "log_topic": TOPIC_NAMES[event.topic],
            "log_partition": event.position.partition,
            "log_offset": event.position.offset,
        }
        for event, digest in firsts
    ]
    return to_table(_SEEN, rows)
