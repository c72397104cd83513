"""Where the front's parts are chosen and put together, as the back's are in ``back.bootstrap``.

Nothing else names a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from events.compose import Composer
from events.log import Appended, EventLog, Record
from events.raw_sqlite import SqliteRawBodies
from events.sealing import Sealer
from events.sqlite import SqliteLog
from events.sqlite_gate import SqliteGate
from events.sqlite_snapshot import SqliteSource
from events.sqlite_upgrade import log_in_blocks
from events.vault import Vault
from events.vault_sqlite import SqliteVault
from projections.letters import Letters
from projections.maintenance import Verification
from projections.replay.replays import Replays
from schemas.clock import Clock, RandomBytes
from schemas.errors import InvalidInput, SettingsInvalid
from services.access import Access
from services.access_sqlite import SqliteAccess
from services.back.child import BackProcess, end_this_process
from services.backup.taking import Backups
from services.folder import locked
from services.formats import Note, Upgrade, bring_up, format_of, newest
from services.keepsake import Keepsake
from services.masterkey import master_key
from services.parts import Parts
from services.reference import Reference
from services.settings import Settings

# The steps from each format of the data folder to the next. A new one gets the next number.
UPGRADES = (Upgrade(2, "the log in blocks", log_in_blocks, rewrites=("log.db",)),)
_LEANED_ON = ("vault.db", "access.db", "raw.db")


class Embedded:
    """A whole installation in one data folder: this process, and the back beside it."""

    def __init__(self, parts: Parts, back: BackProcess, backups: Backups) -> None:
        self.parts = parts
        self.backups = backups
        self._back = back

    def raise_failure(self) -> None:
        """Raise what stopped the projections, if anything did: the process must not end well."""
        self._back.raise_failure()

    def start(self, on_failure: Callable[[], None] = end_this_process) -> None:
        """Start following the log; if that has to end, the process is asked to end too."""
        self._back.follow(on_failure)

    @property
    def letters(self) -> Letters:
        """The dead letters."""
        return self._back.maintenance

    @property
    def replays(self) -> Replays:
        """Generations of read models."""
        return self._back.replays

    def verify(self) -> Verification:
        """Catch up, rebuild everything beside the live tables, and compare."""
        return self._back.maintenance.verify()


@contextmanager
def open_embedded(
    settings: Settings,
    *,
    clock: Clock,
    random: RandomBytes,
    note: Note = lambda _line: None,
) -> Iterator[Embedded]:
    """Open the data folder, alone; everything is closed again at the end.

    ``note`` is told what is done to a folder of an older format.

    Raises ``FolderInUse`` when another process has it, ``FormatUnknown`` when it is too new, and
    ``InvalidInput`` in the distributed mode, whose events are in no folder.
    """
    if settings.mode == "distributed":
        raise InvalidInput(
            "This works on a data folder; ANSWERBACK_MODE says distributed, where there is none."
            " Unset it, or see docs/distributed.md for what does the same there."
        )
    folder = settings.data
    with locked(settings) as lock:
        bring_up(folder, UPGRADES, note)
        log = SqliteLog(folder / "log.db", clock, settings.partitions)
        vault = SqliteVault(folder / "vault.db", master_key(settings, random), random)
        access = SqliteAccess(folder / "access.db", clock, random)
        raw = SqliteRawBodies(folder / "raw.db", clock, settings.raw_retention_days)

        def append(records: Sequence[Record]) -> Appended:
            return log.append(records).result()

        back = BackProcess({"append": append, "settings": lambda: settings}, lock)
        try:
            back.start()
            sealer = Sealer(vault)
            leaned_on = [SqliteSource(folder / name) for name in _LEANED_ON]
            backups = Backups(settings, clock, back.maintenance, leaned_on)
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
                backups=backups,
                letters=back.maintenance,
                replays=back.replays,
                raw=raw,
            )
            parts.reference.start()
            yield Embedded(parts, back, backups)
        finally:
            back.stop()
            log.close()
            raw.close()
            access.close()
            vault.close()


@contextmanager
def open_log(settings: Settings, *, clock: Clock) -> Iterator[EventLog]:
    """The log of a data folder that no server uses. Raises ``SettingsInvalid``, ``FolderInUse``."""
    if format_of(settings.data) != newest_format():
        raise SettingsInvalid(
            f"There is no log of this version's format in {settings.data}. Name the folder of an "
            "installation in ANSWERBACK_DATA, and start it once with this version."
        )
    with locked(settings):
        log = SqliteLog(settings.data / "log.db", clock)
        try:
            yield log
        finally:
            log.close()


@contextmanager
def open_access(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Access]:
    """Workspaces and keys alone; unlike the rest of the folder, also beside a server."""
    if settings.mode == "distributed":
        from services.distributed.sharing import open_shared_access  # noqa: PLC0415 - drivers

        with open_shared_access(settings, clock=clock, random=random) as shared:
            yield shared
        return
    _prepare_folder(settings)
    access = SqliteAccess(settings.data / "access.db", clock, random)
    try:
        yield access
    finally:
        access.close()


@contextmanager
def open_letters(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Letters]:
    """The dead letters: those of the folder, which no server may have, or of the shared stores.

    Raises ``FolderInUse``: a server has doors of its own for its letters.
    """
    if settings.mode == "distributed":
        from services.distributed import behind  # noqa: PLC0415 - drivers

        with behind.open_letters(settings, clock=clock, random=random) as shared:
            yield shared
        return
    with open_embedded(settings, clock=clock, random=random) as embedded:
        yield embedded.letters


@contextmanager
def open_replays(
    settings: Settings, *, clock: Clock, random: RandomBytes, follows: bool
) -> Iterator[Replays]:
    """The generations of a folder that no server has; they grow while it is open, if it follows.

    Raises ``FolderInUse``, and ``InvalidInput`` in the distributed mode, which has none yet.
    """
    with open_embedded(settings, clock=clock, random=random) as embedded:
        if follows:
            embedded.start()
        yield embedded.replays


@contextmanager
def open_vault(settings: Settings, *, random: RandomBytes) -> Iterator[Vault]:
    """The keys alone; like ``open_access`` also beside a server, which notices new token keys."""
    if settings.mode == "distributed":
        from services.distributed.sharing import open_shared_vault  # noqa: PLC0415 - drivers

        with open_shared_vault(settings, random=random) as shared:
            yield shared
        return
    _prepare_folder(settings)
    vault = SqliteVault(settings.data / "vault.db", master_key(settings, random), random)
    try:
        yield vault
    finally:
        vault.close()


def newest_format() -> int:
    """The format of data folders that this version writes."""
    return newest(UPGRADES)


def _prepare_folder(settings: Settings) -> None:
    """Bring a folder that nobody serves to the newest format; one that is served is there."""
    if format_of(settings.data) != newest_format():
        with locked(settings):
            bring_up(settings.data, UPGRADES, lambda _line: None)
