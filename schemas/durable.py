"""Files that are whole or absent, whatever happens to the machine."""

from __future__ import annotations

import os
from pathlib import Path

_PRIVATE = 0o600


def sync_file(path: Path) -> None:
    """Bring a file's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Bring a folder's list of names to the disk."""
    sync_file(path)


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place with this content, readable by its owner alone."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)
