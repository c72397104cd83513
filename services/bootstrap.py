"""The one place where parts are chosen and put together; nothing else names a backend."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from events.compose import Composer
from events.sealing import Sealer
from events.sqlite import SqliteLog
from events.sqlite_gate import SqliteGate
from events.vault_sqlite import SqliteVault
from projections.columns_sink import ColumnsSink
from projections.folds.order import all_folds
from projections.folds.reference import ReferenceBook
from projections.generations import live_generation
from projections.reading.reader import StoredReads
from projections.rebuild import Comparison, Rebuild
from projections.rows_sink import RowsSink
from projections.runner import Runner
from projections.stores.chdb import ChdbColumns
from projections.stores.rows import open_rows
from projections.stores.tables import create_tables
from schemas.clock import Clock, RandomBytes
from schemas.errors import FolderInUse, FormatUnknown, ProjectionStopped, Stale
from services.access import Access
from services.access_sqlite import SqliteAccess
from services.parts import Parts
from services.reference import Reference
from services.settings import Settings

FORMAT = 1


class Embedded:
    """A whole installation in one data folder and one process."""

    def __init__(
        self,
        parts: Parts,
        rows: sa.Engine,
        columns: ChdbColumns,
        runner: Runner,
        generation: int,
    ) -> None:
        self.parts = parts
        self._rows = rows
        self._columns = columns
        self._runner = runner
        self._generation = generation
        self._started = False

    def raise_failure(self) -> None:
        """Raise what stopped the projections, if anything did: the process must not end well."""
        if self._runner.failure is not None:
            raise ProjectionStopped(f"The projections have stopped: {self._runner.failure}")

    def start(self, on_failure: Callable[[], None] | None = None) -> None:
        """Start following the log; if that has to end, the process is asked to end too."""
        self._started = True
        self._runner.start(on_failure or _end_process)

    def stop(self) -> None:
        """Finish the pages under way."""
        self._runner.stop()

    def catch_up(self, seconds: float) -> None:
        """Bring every read model to the head of the log. Raises ``Stale``."""
        if self._started:
            self._runner.wait_for(self.parts.log.heads(), seconds)
            return
        deadline = self.parts.clock() + int(seconds * 1000)
        while self._runner.run_once():
            if self.parts.clock() > deadline:
                raise Stale("The read models have not come to the head of the log in time.")

    def verify(self, seconds: float = 3600) -> list[Comparison]:
        """Catch up, rebuild everything beside the live tables, and compare."""
        self.catch_up(seconds)
        settle = int(self.parts.settings.settle_seconds * 1000)
        rebuild = Rebuild(
            self._rows,
            self._columns,
            self.parts.log,
            self.parts.composer,
            lambda book: all_folds(book, settle),
            live=self._generation,
            target=self._generation + 1,
        )
        rebuild.run()
        compared = rebuild.compare()
        rebuild.drop()
        return compared


@contextmanager
def open_embedded(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Embedded]:
    """Open the data folder, alone; everything is closed again at the end.

    Raises ``FolderInUse`` when another process has it, ``FormatUnknown`` when it is too new.
    """
    folder = settings.data
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, settings):
        _check_format(folder)
        log = SqliteLog(folder / "log.db", clock, settings.partitions)
        vault = SqliteVault(folder / "vault.db", _master_key(settings, random), random)
        access = SqliteAccess(folder / "access.db", clock, random)
        rows = open_rows(f"sqlite:///{folder / 'rows.db'}")
        columns = ChdbColumns(folder / "columns")
        try:
            create_tables(columns)
            sealer = Sealer(vault)
            composer = Composer(sealer, clock)
            generation = live_generation(rows)
            runner = _runner(settings, rows, columns, log, composer, clock, generation)
            parts = Parts(
                settings=settings,
                clock=clock,
                random=random,
                log=log,
                gate=SqliteGate(log, clock),
                vault=vault,
                sealer=sealer,
                composer=composer,
                access=access,
                reference=Reference(log),
                reads=StoredReads(rows, columns, sealer, runner),
            )
            parts.reference.refresh()
            embedded = Embedded(parts, rows, columns, runner, generation)
            try:
                yield embedded
            finally:
                embedded.stop()
        finally:
            log.close()
            columns.close()
            rows.dispose()
            access.close()
            vault.close()


@contextmanager
def open_access(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Access]:
    """Workspaces and keys alone; unlike the rest of the folder, also beside a server."""
    settings.data.mkdir(parents=True, exist_ok=True)
    _check_format(settings.data)
    access = SqliteAccess(settings.data / "access.db", clock, random)
    try:
        yield access
    finally:
        access.close()


def served_at(folder: Path) -> tuple[str, int] | None:
    """Host and port of whoever has a data folder open; None if nobody has."""
    path = folder / "lock"
    if not path.exists():
        return None
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            host, _, port = json.loads(file.read())["address"].rpartition(":")
            return host.removeprefix("http://"), int(port)
    return None


def _runner(
    settings: Settings,
    rows: sa.Engine,
    columns: ChdbColumns,
    log: SqliteLog,
    composer: Composer,
    clock: Clock,
    generation: int,
) -> Runner:
    book = ReferenceBook()
    folds = all_folds(book, int(settings.settle_seconds * 1000))
    rows_sink = RowsSink(rows, log, composer, book, folds, generation=generation)
    columns_sink = ColumnsSink(rows, columns, log, composer, generation)
    return Runner(rows, log, rows_sink, columns_sink, clock, generation)


@contextmanager
def _locked(folder: Path, settings: Settings) -> Iterator[None]:
    """Hold the folder's lock file, which says who serves it and where."""
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 1000).decode(errors="replace") or "another process"
            raise FolderInUse(f"The data folder {folder} is in use by {owner}.") from None
        os.ftruncate(descriptor, 0)
        address = f"http://{settings.host}:{settings.port}"
        os.write(descriptor, json.dumps({"process": os.getpid(), "address": address}).encode())
        yield
    finally:
        os.close(descriptor)


def _check_format(folder: Path) -> None:
    path = folder / "format"
    if not path.exists():
        path.write_text(f"{FORMAT}\n")
    found = path.read_text().strip()
    if found != str(FORMAT):
        raise FormatUnknown(
            f"The data folder has format {found[:20]!r}; this version knows format {FORMAT}."
        )


def _master_key(settings: Settings, random: RandomBytes) -> bytes:
    """The key from the settings, else one that is made once and kept in the folder."""
    if settings.master_key is not None:
        return bytes.fromhex(settings.master_key.get_secret_value())
    path = settings.data / "master.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(random(32).hex())
            file.flush()
            os.fsync(file.fileno())
    return bytes.fromhex(path.read_text().strip())


def _end_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
