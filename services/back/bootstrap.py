"""Puts the back's parts together; beside ``services.bootstrap`` the only place to name backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from events.compose import Composer
from events.sealing import Sealer
from events.sqlite_follower import Append, FollowedLog
from events.sqlite_snapshot import SqliteSource
from events.vault_sqlite import SqliteVault
from projections.folds.order import all_folds, older_folds
from projections.generations import live_generation
from projections.maintenance import Maintenance
from projections.past.shelf import Shelf
from projections.read_models import ReadModels
from projections.reading.reader import StoredReads
from projections.reading.reads import Reads
from projections.replay.replaying import Replaying
from projections.replay.replays import Replays
from projections.retrying import Retrying
from projections.runner import Runner
from projections.stores.chdb import ChdbColumns
from projections.stores.chdb_snapshot import ChdbSource
from projections.stores.rows import open_rows
from projections.stores.tables import create_tables
from projections.upkeep import Upkeep
from schemas.clock import Clock, RandomBytes
from services.masterkey import master_key
from services.settings import Settings

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Back:
    """What the front may ask the back, by port."""

    reads: Reads
    maintenance: Maintenance
    replays: Replays


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
        settle = int(settings.settle_seconds * 1000)
        models = ReadModels(
            rows, columns, log, composer, lambda book: all_folds(book, settle),
            lambda book: older_folds(book, settle),
        )  # fmt: skip
        runner = Runner(rows, log, models.sinks(live_generation(rows)), clock, on_failure)
        shelf = Shelf(models, folder / "pasts", clock)
        sources = (
            SqliteSource(folder / "rows.db"),
            ChdbSource(columns, folder / "columns"),
            SqliteSource(folder / "log.db"),
        )
        kept_ms = settings.replay_keep_hours * _HOUR_MS
        replaying = Replaying(models, runner, clock, kept_ms)
        retrying = Retrying(rows, lambda: [runner.sinks, *replaying.beside()])
        upkeep = Upkeep(runner, replaying, models, sources, retrying)
        reads = StoredReads(rows, columns, log, sealer, runner.waiting, shelf)
        try:
            yield Back(reads, upkeep, replaying)
        finally:
            shelf.close()
            upkeep.stop()
            replaying.stop()
            runner.stop()
    finally:
        log.close()
        columns.close()
        rows.dispose()
        vault.close()
