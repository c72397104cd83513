"""The format of a data folder: one number, and the steps from each to the next.

The number is raised after its step is done, so a step that was killed is done again from its start:
it must find the folder as it was, or half changed, and end with the same result.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.durable import sync_file, sync_folder, write_whole
from schemas.errors import FormatUnknown
from services.folder import LOCK

FILE = "format"
UNFINISHED = "restoring"
"""Lies in a folder while a backup is put back into it."""
FIRST = 1
# What may lie in a folder that nobody has used yet.
_UNUSED = frozenset((LOCK, "lost+found", FILE + ".part"))

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One step: the number it leads to, what it does, in words, and the doing.

    ``rewrites`` names the files that it changes in place; they are copied aside before, if there is
    room for that.
    """

    to: int
    words: str
    run: Callable[[Path], None]
    rewrites: tuple[str, ...] = ()


def newest(upgrades: Sequence[Upgrade]) -> int:
    """The format that the steps end at."""
    return upgrades[-1].to if upgrades else FIRST


def format_of(folder: Path) -> int | None:
    """The folder's format; ``None`` where nothing is stored. Raises ``FormatUnknown``."""
    if (folder / UNFINISHED).exists():
        raise FormatUnknown(
            f"A restore into {folder} was not finished. Empty the folder and restore again."
        )
    path = folder / FILE
    if not path.exists():
        if folder.exists() and {p.name for p in folder.iterdir()} - _UNUSED:
            raise FormatUnknown(
                f"The folder {folder} holds files but none named {FILE}: it is no data folder, or a"
                " damaged one. Name another folder, or restore a backup."
            )
        return None
    text = path.read_bytes()[:20].decode("ascii", errors="replace").strip()
    if not (text.isascii() and text.isdigit()):
        raise FormatUnknown(
            f"The format of the data folder {folder} cannot be read: {text!r}. Restore a backup."
        )
    return int(text)


def bring_up(folder: Path, upgrades: Sequence[Upgrade], note: Note) -> None:
    """Make a new folder of the newest format, or bring an old one there, step by step.

    To be called by whoever holds the folder's lock. Raises ``FormatUnknown``.
    """
    found = format_of(folder)
    if found is None:
        _write(folder, newest(upgrades))
        return
    check(folder, found, upgrades)
    for step in upgrades:
        if step.to > found:
            note(f"Bringing the data folder to format {step.to}: {step.words}.")
            _copy_aside(folder, step, note)
            step.run(folder)
            _write(folder, step.to)
            note(f"The data folder has format {step.to}.")


def check(folder: Path, found: int, upgrades: Sequence[Upgrade]) -> None:
    """Refuse what this version cannot read. Raises ``FormatUnknown``."""
    if not FIRST <= found <= newest(upgrades):
        raise FormatUnknown(
            f"The data folder {folder} has format {found}; this version knows formats up to "
            f"{newest(upgrades)}. Use the version that wrote it, or a newer one."
        )


def _write(folder: Path, number: int) -> None:
    write_whole(folder / FILE, f"{number}\n".encode())


def _copy_aside(folder: Path, step: Upgrade, note: Note) -> None:
    aside = folder / f"before-format-{step.to}"
    files = [p for name in step.rewrites for p in sorted(folder.glob(name + "*")) if p.is_file()]
    if aside.exists() or not files:
        return  # a copy that is there was made before the step touched anything
    if shutil.disk_usage(folder).free < 2 * sum(p.stat().st_size for p in files):
        note(f"There is no room for a copy of {', '.join(step.rewrites)}; going on without.")
        return
    part = aside.with_name(aside.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    for path in files:
        sync_file(Path(shutil.copy2(path, part)))
    sync_folder(part)
    part.rename(aside)
    sync_folder(folder)
    note(f"What was there before lies in {aside}. Delete it once all is well.")
