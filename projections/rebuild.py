"""Builds a generation anew from the log and the journal, beside the live one, and compares them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import sqlalchemy as sa

from events.compose import Composer
from events.log import EventLog
from events.snapshots import Going
from events.sql.tables import reading
from projections.columns.copies import copies_after, copy_tables, forget_copies
from projections.columns_sink import NAME as COLUMNS
from projections.digests import (
    TableDigest,
    column_digests,
    journal_digest,
    log_digest,
    row_digests,
)
from projections.entities.ranges import workers
from projections.entities.refresh import Entities
from projections.folds.fold import Fold
from projections.folds.reference import ReferenceBook
from projections.judgements.projection import Judgements
from projections.maintenance import Comparison
from projections.progress import cursor_of, logical_time_of
from projections.rows_sink import NAME as ROWS
from projections.rows_sink import RowsSink
from projections.stores.columns import Columns
from projections.stores.rows import (
    COPY,
    CURSOR,
    FOLD_TABLES,
    INTENT,
    KEPT,
    MOMENT,
    SETTLING,
    SHIPPED,
    TURN,
    WAITING,
)
from projections.stores.tables import COPY_COLUMNS, ENTITY_COLUMNS

_BATCH = 5000
_MESSAGES_A_BUCKET = 500_000


class Rebuild:
    """Rebuilds into a generation of its own."""

    def __init__(
        self,
        rows: sa.Engine,
        columns: Columns,
        log: EventLog,
        composer: Composer,
        folds: Callable[[ReferenceBook], Sequence[Fold]],
        *,
        live: int,
        target: int,
        going: Going = lambda: None,
    ) -> None:
        self._rows = rows
        self._columns = columns
        self._log = log
        self._live = live
        self._target = target
        self._going = going
        book = ReferenceBook()
        self._sink = RowsSink(
            rows, log, composer, book, folds(book), generation=target, publishes=False
        )

    def run(self) -> None:
        """Build the target generation up to where the live one stands."""
        self.drop()
        with reading(self._rows).begin() as connection:
            until = cursor_of(connection, ROWS, self._live)
            moment = logical_time_of(connection, ROWS, self._live)
        while self._sink.step(_BATCH, until):
            self._going()
        self._sink.tick(moment)
        ship(self._rows, self._columns, self._target)
        entities = Entities(self._columns, self._target, until.total)
        with workers() as pool:
            for workspace in self._workspaces():
                self._going()
                judge(self._columns, workspace, self._target, until.total)
                entities.rebuild(workspace, pool)

    def compare(self) -> list[Comparison]:
        """Every table, live and rebuilt; and the journal beside the log it was made from."""
        live = row_digests(self._rows, self._live) + column_digests(self._columns, self._live)
        new = row_digests(self._rows, self._target) + column_digests(self._columns, self._target)
        pairs = zip(live, new, strict=True)
        with reading(self._rows).begin() as connection:
            until = cursor_of(connection, COLUMNS, self._live)
        journal = _compared(journal_digest(self._columns), log_digest(self._log, until))
        return [*(_compared(a, b) for a, b in pairs), journal]

    def drop(self) -> None:
        """Remove the target generation."""
        with self._rows.begin() as connection:
            own = (CURSOR, MOMENT, INTENT, SHIPPED, TURN, KEPT, WAITING, SETTLING, COPY)
            for table in (*own, *FOLD_TABLES.values()):
                connection.execute(table.delete().where(table.c.generation == self._target))
        for name in (
            "judgement",
            "stray",
            *ENTITY_COLUMNS,
            *(f"{copy}_copy" for copy in COPY_COLUMNS),
        ):
            self._columns.run(f"ALTER TABLE {name} DROP PARTITION {self._target}")

    def _workspaces(self) -> list[str]:
        found = self._columns.query("SELECT DISTINCT workspace FROM journal ORDER BY workspace")
        return [str(name) for name in found.column(0).to_pylist()]


def ship(rows: sa.Engine, columns: Columns, generation: int) -> None:
    """Ship every version that waits in the row store, and forget it there."""
    after = 0
    while True:
        with reading(rows).begin() as connection:
            copies = copies_after(connection, generation, after, _BATCH)
        if not copies:
            return
        for name, table in copy_tables(copies, generation).items():
            columns.insert(f"{name}_copy", table)
        after = copies[-1].seq
        with rows.begin() as connection:
            forget_copies(connection, generation, after)


def judge(columns: Columns, workspace: str, generation: int, version: int) -> pa.Table:
    """Judge every hit of a workspace anew, and store the verdicts; answers them."""
    judgements = Judgements(columns, workspace, generation)
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


def _compared(live: TableDigest, rebuilt: TableDigest) -> Comparison:
    """Two digests of one table, side by side."""
    return Comparison(live.table, live.rows, rebuilt.rows, live.digest, rebuilt.digest)
