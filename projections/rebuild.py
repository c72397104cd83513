"""Builds a generation anew from the log and the journal, beside the live one, and compares them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import sqlalchemy as sa

from events.cursor import Cursor
from events.snapshots import Going
from events.sql.tables import reading
from projections.columns.copies import copies_after, copy_tables, forget_copies
from projections.columns_sink import NAME as COLUMNS
from projections.differences.difference import Difference, in_order
from projections.differences.in_columns import column_differences
from projections.differences.in_journal import copies_differences, journal_differences
from projections.differences.in_rows import row_differences
from projections.digests import (
    TableDigest,
    column_digests,
    journal_digest,
    log_digest,
    row_digests,
)
from projections.entities.ranges import workers
from projections.entities.refresh import Entities
from projections.generations import versions_of
from projections.judgements.classifiers import Classifiers
from projections.judgements.projection import Judgements
from projections.maintenance import Comparison
from projections.progress import cursor_of, logical_time_of
from projections.read_models import ReadModels
from projections.rows_sink import NAME as ROWS
from projections.stores.columns import Columns
from projections.stores.rows import (
    COPY,
    CURSOR,
    FOLD_TABLES,
    INTENT,
    KEPT,
    KEPT_AGAIN,
    MOMENT,
    SETTLING,
    SHIPPED,
    TURN,
    UNDONE,
    UNSEEN,
    WAITING,
)
from projections.stores.tables import COPY_COLUMNS, ENTITY_COLUMNS

_BATCH = 5000
_MESSAGES_A_BUCKET = 500_000
SCRATCH = 0
"""The generation of rebuilds that are compared and dropped: no other one has this number."""


class Rebuild:
    """Rebuilds into a generation of its own."""

    def __init__(
        self, models: ReadModels, *, live: int, target: int = SCRATCH, going: Going = lambda: None
    ) -> None:
        self._models = models
        self._rows = models.rows
        self._columns = models.columns
        self._live = live
        self._target = target
        self._going = going
        rules = versions_of(models.rows, live)
        sinks = models.sinks(target, rules, publishes=False)
        self._sink, self._classifiers = sinks.rows, sinks.classifiers

    def run(self) -> None:
        """Build the target generation up to where the live one stands."""
        self.drop()
        with reading(self._rows).begin() as connection:
            until = cursor_of(connection, ROWS, self._live)
            moment = logical_time_of(connection, ROWS, self._live)
        while self._sink.step(_BATCH, until):
            self._going()
        while self._sink.tick(moment):
            self._going()
        conclude(self._models, self._classifiers, self._target, until.total, self._going)

    def compare(self) -> list[Comparison]:
        """Every table, live and rebuilt; and the journal beside the log it was made from."""
        log = log_digest(self._models.log, self._journal_end())
        journal = _side_by_side(journal_digest(self._columns), log)
        return [*compared(self._models, self._live, self._target), journal]

    def differences(self, compared: Iterable[Comparison]) -> list[Difference]:
        """The rows of tables that were found to differ, from the live to the rebuilt ones.

        The journal's copies in other orders are always looked at: what follows from them differs
        from nothing.
        """
        other = {one.table for one in compared if not one.equal}
        found = differences(self._models, self._live, self._target) if other else []
        if "columns.journal" in other:
            end = self._journal_end()
            found += journal_differences(self._columns, self._models.log, end)
        return in_order([*found, *copies_differences(self._columns)])

    def _journal_end(self) -> Cursor:
        with reading(self._rows).begin() as connection:
            return cursor_of(connection, COLUMNS, self._live)

    def drop(self) -> None:
        """Remove the target generation."""
        drop_generation(self._models, self._target)


def conclude(
    models: ReadModels, classifiers: Classifiers, generation: int, version: int, going: Going
) -> int:
    """Conclude from the rows and the journal what the columns say; answers the last copy shipped.

    The generation has no verdicts and no entity rows yet.
    """
    shipped = ship(models.rows, models.columns, generation)
    entities = Entities(models.columns, generation, version)
    with workers() as pool, models.columns.lasting():
        for workspace in workspaces_of(models.columns):
            going()
            judge(models.columns, classifiers, workspace, generation, version)
            going()
            entities.rebuild(workspace, pool)
    return shipped


def compared(models: ReadModels, live: int, other: int) -> list[Comparison]:
    """Every table that follows from the log, in two generations."""
    rows, columns = models.rows, models.columns
    first = row_digests(rows, live) + column_digests(columns, live)
    second = row_digests(rows, other) + column_digests(columns, other)
    return [_side_by_side(a, b) for a, b in zip(first, second, strict=True)]


def differences(models: ReadModels, live: int, other: int) -> list[Difference]:
    """The rows that differ between two generations."""
    return [
        *row_differences(models.rows, live, other),
        *column_differences(models.columns, live, other),
    ]


def drop_generation(models: ReadModels, generation: int) -> None:
    """Remove all that is stored of a generation."""
    with models.rows.begin() as connection:
        own = (
            CURSOR, MOMENT, INTENT, SHIPPED, TURN, KEPT, KEPT_AGAIN, UNDONE, UNSEEN,
            WAITING, SETTLING, COPY,
        )  # fmt: skip
        for table in (*own, *FOLD_TABLES.values()):
            connection.execute(table.delete().where(table.c.generation == generation))
    drop_conclusions(models.columns, generation)
    _drop(models.columns, generation, [f"{copy}_copy" for copy in COPY_COLUMNS])


def drop_conclusions(columns: Columns, generation: int) -> None:
    """Remove what ``conclude`` writes but for the copies, of which the row store keeps none."""
    _drop(columns, generation, ("judgement", "stray", *ENTITY_COLUMNS))


def _drop(columns: Columns, generation: int, tables: Iterable[str]) -> None:
    for name in tables:
        columns.run(f"ALTER TABLE {name} DROP PARTITION {generation}")


def workspaces_of(columns: Columns) -> list[str]:
    """All workspaces that the journal has events of."""
    found = columns.query("SELECT DISTINCT workspace FROM journal ORDER BY workspace")
    return [str(name) for name in found.column(0).to_pylist()]


def ship(rows: sa.Engine, columns: Columns, generation: int) -> int:
    """Ship every version that waits in the row store, and forget it there; answers the last one."""
    after = 0
    while True:
        with reading(rows).begin() as connection:
            copies = copies_after(connection, generation, after, _BATCH)
        if not copies:
            return after
        with columns.lasting():
            for name, table in copy_tables(copies, generation).items():
                columns.insert(f"{name}_copy", table)
        after = copies[-1].seq
        with rows.begin() as connection:
            forget_copies(connection, generation, after)


def judge(
    columns: Columns, classifiers: Classifiers, workspace: str, generation: int, version: int
) -> pa.Table:
    """Judge every hit of a workspace anew, and store the verdicts; answers them."""
    judgements = Judgements(columns, workspace, generation, classifiers)
    verdicts = pa.concat_tables(judgements.rebuild(version, buckets_of(columns, workspace)))
    columns.insert("judgement", verdicts)
    return verdicts


def buckets_of(columns: Columns, workspace: str) -> int:
    """In how many parts a workspace's messages are computed, so that one part fits the memory."""
    count = columns.query(
        "SELECT uniq(message_key) AS messages FROM journal_by_message "
        "WHERE workspace = {workspace:String}",
        {"workspace": workspace},
    ).to_pylist()[0]["messages"]
    return 1 + int(count) // _MESSAGES_A_BUCKET


def _side_by_side(live: TableDigest, rebuilt: TableDigest) -> Comparison:
    """Two digests of one table, side by side."""
    return Comparison(live.table, live.rows, rebuilt.rows, live.digest, rebuilt.digest)
