"""Puts the back's parts together; beside ``services.bootstrap`` the only place to name backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from events.compose import Composer
from events.sealing import Sealer
from events.snapshots import Going
from events.sqlite_follower import Append, FollowedLog
from events.sqlite_snapshot import SqliteSource
from events.vault_sqlite import SqliteVault
from projections.columns_sink import ColumnsSink
from projections.folds.order import all_folds
from projections.folds.reference import ReferenceBook
from projections.generations import live_generation
from projections.maintenance import Maintenance
from projections.past.building import Source
from projections.past.shelf import Shelf
from projections.reading.reader import StoredReads
from projections.reading.reads import Reads
from projections.rebuild import Rebuild
from projections.retrying import Retrying
from projections.rows_sink import RowsSink
from projections.runner import Runner
from projections.stores.chdb import ChdbColumns
from projections.stores.chdb_snapshot import ChdbSource
from projections.stores.rows import open_rows
from projections.stores.tables import create_tables
from projections.upkeep import Upkeep
from schemas.clock import Clock, RandomBytes
from services.masterkey import master_key
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Back:
    """What the front may ask the back, by port."""

    reads: Reads
    maintenance: Maintenance


@contextmanager
def open_back(
    settings: Settings,
    append: Append,
    on_failure: Callable[[BaseException], None],
    *,
    clock: Clock,
    random: RandomBytes,
) -> Iterator[Back]:
    """Open the stores of read models.

    ``append`` takes derived events into the log; ``on_failure`` is told what stops a sink.
    """
    folder = settings.data
    log = FollowedLog(folder / "log.db", append)
    vault = SqliteVault(folder / "vault.db", master_key(settings, random), random)
    rows = open_rows(f"sqlite:///{folder / 'rows.db'}")
    columns = ChdbColumns(folder / "columns")
    try:
        create_tables(columns)
        sealer = Sealer(vault)
        composer = Composer(sealer, clock)
        generation = live_generation(rows)
        settle = int(settings.settle_seconds * 1000)
        book = ReferenceBook()
        rows_sink = RowsSink(
            rows, log, composer, book, all_folds(book, settle), generation=generation
        )
        columns_sink = ColumnsSink(rows, columns, log, composer, generation)
        runner = Runner(rows, log, rows_sink, columns_sink, clock, generation, on_failure)

        def rebuild(live: int, target: int, going: Going) -> Rebuild:
            return Rebuild(
                rows, columns, log, composer, lambda b: all_folds(b, settle),
                live=live, target=target, going=going,
            )  # fmt: skip

        source = Source(log, columns, composer, lambda b: all_folds(b, settle))
        shelf = Shelf(source, folder / "pasts", clock)
        sources = (
            SqliteSource(folder / "rows.db"),
            ChdbSource(columns, folder / "columns"),
            SqliteSource(folder / "log.db"),
        )
        retrying = Retrying(rows, rows_sink, columns_sink)
        upkeep = Upkeep(runner, rebuild, log, sources, generation, retrying)
        try:
            yield Back(StoredReads(rows, columns, log, sealer, runner.waiting, shelf), upkeep)
        finally:
            shelf.close()
            upkeep.stop()
            runner.stop()
    finally:
        log.close()
        columns.close()
        rows.dispose()
        vault.close()
