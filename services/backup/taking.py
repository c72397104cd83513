"""Taking a backup: the log and the read models as of one moment, then what the log leans on.

The vault's copy is made after the log's: a key is stored before the first event that is sealed
with it is appended, so the later vault opens everything in the earlier log. The same holds for
workspaces and for raw bodies. A vault that is too new holds some keys that nobody uses.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from events.snapshots import Going, Source
from projections.maintenance import Maintenance
from schemas.clock import Clock
from schemas.durable import sync_file, sync_folder, write_whole
from schemas.errors import BackupRefused, StoreUnavailable
from schemas.instants import format_instant
from services import formats
from services.backup.manifest import FILE, FORMAT, Manifest, described, fingerprint
from services.masterkey import KEY_FILE, key_bytes
from services.metrics import VERSION
from services.settings import Settings

_MARK = "unfinished-backup"


@dataclass(frozen=True, slots=True)
class Backups:
    """Takes backups of one installation; ``leaned_on`` are the stores that its log needs."""

    settings: Settings
    clock: Clock
    maintenance: Maintenance
    leaned_on: Sequence[Source]

    def take(self, target: Path, going: Going, *, with_key: bool) -> Manifest:
        """A whole backup at ``target``, or nothing there at all.

        Raises ``BackupRefused``, ``StoreUnavailable``, ``Busy`` or ``Abandoned``.
        """
        target = target.absolute()
        self._check(target, with_key=with_key)
        part = part_of(target)
        try:
            part.mkdir(mode=0o700)
            (part / _MARK).touch()
            manifest = self._fill(part, going, with_key=with_key)
            (part / _MARK).unlink()
            sync_folder(part)
            part.rename(target)
            sync_folder(target.parent)
        except BaseException as error:
            shutil.rmtree(part, ignore_errors=True)
            if isinstance(error, OSError):
                raise StoreUnavailable(f"The backup cannot be written: {error}.") from error
            raise
        return manifest

    def _fill(self, part: Path, going: Going, *, with_key: bool) -> Manifest:
        data = self.settings.data
        taken_at = self.clock()
        heads = self.maintenance.snapshot(str(part))
        for source in self.leaned_on:
            with closing(source.pin()) as snapshot:
                snapshot.copy(part, going)
        for name in (formats.FILE, *((KEY_FILE,) if with_key else ())):
            sync_file(Path(shutil.copy2(data / name, part)))
        files = []
        for path in sorted(p for p in part.iterdir() if p.name != _MARK):
            files.append(described(path))
            going()
        manifest = Manifest(
            format=FORMAT,
            data_format=formats.format_of(data) or formats.FIRST,
            version=VERSION,
            taken_at=format_instant(taken_at),
            log_ends=heads.encode(),
            events=heads.total,
            key=fingerprint(key_bytes(self.settings)),
            key_inside=with_key,
            files=tuple(files),
        )
        write_whole(part / FILE, manifest.model_dump_json(indent=1).encode())
        return manifest

    def _check(self, target: Path, *, with_key: bool) -> None:
        data = self.settings.data.absolute()
        if target.exists():
            raise BackupRefused(f"{target} is there already. Name a new place.")
        if not target.parent.is_dir():
            raise BackupRefused(f"There is no folder {target.parent}. Make it first.")
        if target.is_relative_to(data):
            raise BackupRefused(f"{target} lies in the data folder. Name a place outside of it.")
        if with_key and self.settings.master_key is not None:
            raise BackupRefused(
                "The master key comes from the settings and is not in the data folder. Leave out "
                "--with-key, and keep the key where the settings are kept."
            )
        part = part_of(target)
        if (part / _MARK).exists():  # of a process that was killed
            shutil.rmtree(part)
        if part.exists():
            raise BackupRefused(f"{part} is in the way. Move it, or name another place.")


def part_of(target: Path) -> Path:
    """Where a backup grows until it is whole."""
    return target.with_name(target.name + ".part")


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder that others may be changing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total
