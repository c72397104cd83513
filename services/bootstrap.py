"""Where the front's parts are chosen and put together, as the back's are in ``back.bootstrap``.

Nothing else names a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from events.compose import Composer
from events.log import Appended, Record
from events.sealing import Sealer
from events.sqlite import SqliteLog
from events.sqlite_gate import SqliteGate
from events.vault import Vault
from events.vault_sqlite import SqliteVault
from projections.maintenance import Comparison
from schemas.clock import Clock, RandomBytes
from services.access import Access
from services.access_sqlite import SqliteAccess
from services.back.child import BackProcess, end_this_process
from services.folder import check_format, locked, master_key
from services.keepsake import Keepsake
from services.parts import Parts
from services.reference import Reference
from services.settings import Settings


class Embedded:
    """A whole installation in one data folder: this process, and the back beside it."""

    def __init__(self, parts: Parts, back: BackProcess) -> None:
        self.parts = parts
        self._back = back

    def raise_failure(self) -> None:
        """Raise what stopped the projections, if anything did: the process must not end well."""
        self._back.raise_failure()

    def start(self, on_failure: Callable[[], None] = end_this_process) -> None:
        """Start following the log; if that has to end, the process is asked to end too."""
        self._back.follow(on_failure)

    def verify(self) -> list[Comparison]:
        """Catch up, rebuild everything beside the live tables, and compare."""
        return self._back.maintenance.verify()


@contextmanager
def open_embedded(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Embedded]:
    """Open the data folder, alone; everything is closed again at the end.

    Raises ``FolderInUse`` when another process has it, ``FormatUnknown`` when it is too new.
    """
    folder = settings.data
    folder.mkdir(parents=True, exist_ok=True)
    with locked(settings) as lock:
        check_format(folder)
        log = SqliteLog(folder / "log.db", clock, settings.partitions)
        vault = SqliteVault(folder / "vault.db", master_key(settings, random), random)
        access = SqliteAccess(folder / "access.db", clock, random)

        def append(records: Sequence[Record]) -> Appended:
            return log.append(records).result()

        back = BackProcess({"append": append, "settings": lambda: settings}, lock)
        try:
            back.start()
            sealer = Sealer(vault)
            parts = Parts(
                settings=settings,
                clock=clock,
                random=random,
                log=log,
                gate=SqliteGate(log, clock),
                vault=vault,
                sealer=sealer,
                composer=Composer(sealer, clock),
                access=access,
                reference=Reference(log, Keepsake(folder / "reference.jsonl")),
                reads=back.reads,
                rings_file=Keepsake(folder / "rings.jsonl"),
            )
            parts.reference.start()
            yield Embedded(parts, back)
        finally:
            back.stop()
            log.close()
            access.close()
            vault.close()


@contextmanager
def open_access(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Access]:
    """Workspaces and keys alone; unlike the rest of the folder, also beside a server."""
    settings.data.mkdir(parents=True, exist_ok=True)
    check_format(settings.data)
    access = SqliteAccess(settings.data / "access.db", clock, random)
    try:
        yield access
    finally:
        access.close()


@contextmanager
def open_vault(settings: Settings, *, random: RandomBytes) -> Iterator[Vault]:
    """The keys alone; like ``open_access`` also beside a server, which notices new token keys."""
    settings.data.mkdir(parents=True, exist_ok=True)
    check_format(settings.data)
    vault = SqliteVault(settings.data / "vault.db", master_key(settings, random), random)
    try:
        yield vault
    finally:
        vault.close()
