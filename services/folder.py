"""The data folder: who has it, and how others find him."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from schemas.errors import FolderInUse
from services.settings import Settings

LOCK = "lock"
_PATIENCE = 10.0  # a server that was killed leaves its other process behind for a moment
_LOOK_EVERY = 0.05


class Owner(BaseModel):
    """What the lock file says of the process that has the folder."""

    process: int
    address: str

    @property
    def place(self) -> tuple[str, int]:
        """The host and the port that it listens on."""
        host, _, port = self.address.rpartition(":")
        return host.removeprefix("http://"), int(port)

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        try:
            os.kill(self.process, 0)
        except PermissionError:
            return True
        except ProcessLookupError:
            return False
        return True


@contextmanager
def locked(settings: Settings) -> Iterator[int]:
    """Hold the folder's lock file, which says who serves it and where; yields its descriptor.

    Processes that inherit the descriptor hold the lock too, until the last of them has ended.
    Raises ``FolderInUse``.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, settings.data)
        os.ftruncate(descriptor, 0)
        address = f"http://{settings.host}:{settings.port}"
        owner = Owner(process=os.getpid(), address=address)
        os.pwrite(descriptor, owner.model_dump_json().encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def owner_of(folder: Path) -> Owner | None:
    """The process that has the folder now, if any has."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = _told(descriptor)
        # Another process of a server that was killed may hold the lock for a moment.
        return owner if owner is not None and owner.is_alive else None
    finally:
        os.close(descriptor)
    return None


def _take(descriptor: int, folder: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _told(descriptor)
            if (owner is not None and owner.is_alive) or time.monotonic() > ends:
                who = "another process" if owner is None else owner.model_dump_json()
                raise FolderInUse(f"The data folder {folder} is in use by {who}.") from None
            time.sleep(_LOOK_EVERY)
        else:
            return


def _told(descriptor: int) -> Owner | None:
    """What the lock file says, if it can be read."""
    try:
        return Owner.model_validate_json(os.pread(descriptor, 1000, 0))
    except ValidationError:
        return None
