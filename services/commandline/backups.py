"""``answerback backup`` and ``answerback restore``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from schemas.clock import system_clock, system_random
from schemas.errors import StoreUnavailable
from services.backup.manifest import Manifest
from services.backup.restoring import restore as put_back
from services.backup.taking import part_of, size_of
from services.bootstrap import newest_format, open_embedded
from services.commandline.terminal import Terminal
from services.folder import owner_of
from services.operator.client import ask
from services.operator.messages import BACKUP, BackupOrder
from services.settings import Settings, load_settings

_MIB = 1 << 20
_SECONDS = 0.5
_KEY_ABSENT = (
    "The master key is not in it. Keep the key apart: without it nothing sealed can be read."
)


def backup(arguments: Namespace, terminal: Terminal) -> int:
    """Take a backup, through the server if one runs."""
    settings = load_settings()
    target = Path(arguments.target).absolute()
    manifest = _taken(settings, target, terminal, with_key=arguments.with_key)
    if not manifest.key_inside:
        terminal.note(_KEY_ABSENT)
    terminal.tell(f"{target}: {manifest.events:,} events, {manifest.size:,} bytes")
    return 0


def restore(arguments: Namespace, terminal: Terminal) -> int:
    """Put a backup back into an empty data folder."""
    settings = load_settings()
    source = Path(arguments.source).absolute()
    manifest = put_back(source, settings, newest_format(), terminal.note)
    terminal.tell(
        f"{settings.data}: {manifest.events:,} events, as they were at {manifest.taken_at}"
    )
    return 0


def _taken(settings: Settings, target: Path, terminal: Terminal, *, with_key: bool) -> Manifest:
    whole = size_of(settings.data)

    def told(copied: int) -> None:
        terminal.note(f"{copied / _MIB:,.1f} MiB of about {whole / _MIB:,.1f} MiB copied")

    owner = owner_of(settings.data)
    if owner is None:
        with (
            open_embedded(settings, clock=system_clock, random=system_random) as embedded,
            _watched(part_of(target), told),
        ):
            return embedded.backups.take(target, lambda: None, with_key=with_key)
    order = BackupOrder(target=str(target), with_key=with_key)
    line = ask(settings.data, owner, BACKUP, order, told)
    if line.manifest is None:
        raise StoreUnavailable("The server's answer is not the one to a backup. Is it older?")
    return line.manifest


@contextmanager
def _watched(part: Path, told: Callable[[int], None]) -> Iterator[None]:
    """Tell how large something has grown, twice a second."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(_SECONDS):
            told(size_of(part))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
