"""Putting a backup back into an empty folder: all of it, or nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from schemas.durable import sync_file, sync_folder
from schemas.errors import BackupRefused, StoreUnavailable
from services import formats
from services.backup.manifest import Manifest, StoredFile, fingerprint, read_manifest
from services.folder import LOCK, locked
from services.masterkey import KEY_FILE, key_bytes
from services.settings import Settings

_PACKED = ".tar"
_CHUNK = 1 << 20
_MINE = frozenset((LOCK, "lost+found"))

Note = Callable[[str], None]


def restore(source: Path, settings: Settings, newest: int, note: Note) -> Manifest:
    """Fill the data folder from a backup.

    Raises ``BackupRefused`` for what cannot be restored, ``FolderInUse`` where a server runs.
    """
    manifest = read_manifest(source)
    if manifest.data_format > newest:
        raise BackupRefused(
            f"The backup holds data of format {manifest.data_format}, written by version "
            f"{manifest.version}; this version knows formats up to {newest}. Install that version."
        )
    _check_key(source, manifest, settings)
    folder = settings.data
    with locked(settings):
        if {path.name for path in folder.iterdir()} - _MINE:
            raise BackupRefused(f"The data folder {folder} is not empty. Name an empty one.")
        try:
            _fill(source, manifest, folder, note)
        except BaseException as error:
            _empty(folder)
            if isinstance(error, OSError):
                raise StoreUnavailable(f"The backup cannot be restored: {error}.") from error
            raise
    return manifest


def _fill(source: Path, manifest: Manifest, folder: Path, note: Note) -> None:
    mark = folder / formats.UNFINISHED
    mark.touch()
    sync_folder(folder)
    for file in manifest.files:
        note(f"{file.name}: {file.size:,} bytes")
        if file.name.endswith(_PACKED):
            _unpack(source, file, folder / file.name.removesuffix(_PACKED))
        else:
            _copy(source, file, folder)
    for path in (*folder.rglob("*"), folder):
        if path.is_dir():
            sync_folder(path)
    mark.unlink()
    sync_folder(folder)


def _copy(source: Path, file: StoredFile, folder: Path) -> None:
    path = folder / file.name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    digest = hashlib.sha256()
    with _opened(source, file) as found, os.fdopen(descriptor, "wb") as to:
        while chunk := found.read(_CHUNK):
            digest.update(chunk)
            to.write(chunk)
        to.flush()
        os.fsync(to.fileno())
    _compare(source, file, digest.hexdigest())


def _unpack(source: Path, file: StoredFile, folder: Path) -> None:
    digest = hashlib.sha256()
    with _opened(source, file) as found:
        while chunk := found.read(_CHUNK):
            digest.update(chunk)
    _compare(source, file, digest.hexdigest())
    with tarfile.open(source / file.name) as packed:
        packed.extractall(folder, filter="data")
    for path in folder.rglob("*"):
        if path.is_file():
            sync_file(path)


def _opened(source: Path, file: StoredFile) -> BinaryIO:
    try:
        return (source / file.name).open("rb")
    except FileNotFoundError:
        raise BackupRefused(
            f"The file {file.name} of {source} is missing. Use another backup."
        ) from None


def _compare(source: Path, file: StoredFile, digest: str) -> None:
    if digest != file.sha256:
        raise BackupRefused(
            f"The file {file.name} of {source} is damaged: it is not what the backup lists. "
            "Use another backup."
        )


def _check_key(source: Path, manifest: Manifest, settings: Settings) -> None:
    """Nothing sealed can be read without the very key it lies under."""
    if settings.master_key is None:
        if manifest.key_inside:
            return
        raise BackupRefused(
            "The backup does not hold the master key. Set ANSWERBACK_MASTER_KEY to the key that "
            f"{KEY_FILE} or the settings of the backed up installation hold."
        )
    if fingerprint(key_bytes(settings)) != manifest.key:
        raise BackupRefused(
            f"ANSWERBACK_MASTER_KEY is not the key that the backup {source} was made under."
        )


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in _MINE:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
