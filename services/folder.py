"""The data folder: who has it, in which format it is, and the key to what is sealed in it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.clock import RandomBytes
from schemas.errors import FolderInUse, FormatUnknown
from services.settings import Settings

FORMAT = 2
_PATIENCE = 10.0  # a server that was killed leaves its other process behind for a moment
_LOOK_EVERY = 0.05


@contextmanager
def locked(settings: Settings) -> Iterator[int]:
    """Hold the folder's lock file, which says who serves it and where; yields its descriptor.

    Processes that inherit the descriptor hold the lock too, until the last of them has ended.
    Raises ``FolderInUse``.
    """
    descriptor = os.open(settings.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, settings.data)
        os.ftruncate(descriptor, 0)
        address = f"http://{settings.host}:{settings.port}"
        owner = json.dumps({"process": os.getpid(), "address": address})
        os.pwrite(descriptor, owner.encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


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


def _take(descriptor: int, folder: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 1000, 0).decode(errors="replace")
            if _is_alive(owner) or time.monotonic() > ends:
                told = owner or "another process"
                raise FolderInUse(f"The data folder {folder} is in use by {told}.") from None
            time.sleep(_LOOK_EVERY)
        else:
            return


def _is_alive(owner: str) -> bool:
    """Whether the process that the lock file names still runs."""
    try:
        os.kill(int(json.loads(owner)["process"]), 0)
    except PermissionError:
        return True
    except (ValueError, KeyError, TypeError, ProcessLookupError):
        return False
    return True


def check_format(folder: Path) -> None:
    """Note the format of a new folder. Raises ``FormatUnknown`` for one of another version."""
    path = folder / "format"
    if not path.exists():
        path.write_text(f"{FORMAT}\n")
    found = path.read_text().strip()
    if found != str(FORMAT):
        raise FormatUnknown(
            f"The data folder has format {found[:20]!r}; this version knows format {FORMAT}."
        )


def master_key(settings: Settings, random: RandomBytes) -> bytes:
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
