"""What a backup says of itself: its files with their digests. A backup without it is none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import BackupRefused

FILE = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20
_FINGERPRINT = b"answerback master key"


class StoredFile(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]*$")]
    size: int
    sha256: str


class Manifest(BaseModel):
    """The whole of a backup; ``format`` is the backup's own, ``data_format`` that of the folder.

    ``log_ends`` is a cursor: everything before it is in the backup. ``key`` is the master key's
    fingerprint, and ``key_inside`` whether the key itself lies in the backup.
    """

    model_config = ConfigDict(frozen=True)

    program: Literal["answerback"] = "answerback"
    format: int
    data_format: int
    version: str
    taken_at: str
    log_ends: str
    events: int
    key: str
    key_inside: bool
    files: tuple[StoredFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup. Raises ``BackupRefused`` where there is none that can be used."""
    try:
        text = (backup / FILE).read_bytes()
    except OSError:
        raise BackupRefused(
            f"{backup} is no backup, or one that was never finished: it has no {FILE}."
        ) from None
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        raise BackupRefused(f"The {FILE} of {backup} is damaged. Use another backup.") from None
    if manifest.format > FORMAT:
        raise BackupRefused(
            f"The backup {backup} has format {manifest.format}, written by version "
            f"{manifest.version}; this version reads format {FORMAT}. Install that version."
        )
    return manifest


def described(path: Path) -> StoredFile:
    """A file as a manifest lists it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return StoredFile(name=path.name, size=path.stat().st_size, sha256=digest.hexdigest())


def fingerprint(key: bytes) -> str:
    """Names a master key without telling it."""
    return hashlib.sha256(_FINGERPRINT + key).hexdigest()[:16]
