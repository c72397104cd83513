"""Copies of the column store: its parts are frozen by hard links, then packed into one file.

What is packed is a whole data folder of the engine, so that putting it back is unpacking it. Tables
keep the tokens they have seen, and a step that was open is recognised after a restore too.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from events.snapshots import Going, Snapshot, Source
from projections.stores.columns import Columns
from schemas.durable import sync_folder
from schemas.errors import StoreUnavailable

FILE = "columns.tar"
_FROZEN = "answerback"
_TABLE = 3  # how deep what a table keeps beside its parts lies in the folder "store"
_TOKENS = "deduplication_logs"


class ChdbSource(Source):
    """The tables of one folder; nothing may be written to them while they are pinned."""

    def __init__(self, columns: Columns, folder: Path) -> None:
        self._columns = columns
        self._folder = folder

    def pin(self) -> Snapshot:
        shadow = self._folder / "shadow"
        try:
            shutil.rmtree(shadow, ignore_errors=True)  # of a copy that was killed
            for name in self.tables():
                self._columns.run(f"ALTER TABLE {name} FREEZE WITH NAME '{_FROZEN}'")
            frozen = shadow / _FROZEN
            for path in _beside_parts(self._folder):
                copy = frozen / path.relative_to(self._folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        except OSError as error:
            raise StoreUnavailable(f"The columns cannot be held still: {error}.") from error
        return _Frozen(shadow, frozen)

    def tables(self) -> list[str]:
        """Those on disk: what a killed rebuild has left in memory has no parts."""
        found = self._columns.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() "
            "AND endsWith(engine, 'MergeTree') ORDER BY name"
        )
        return [str(name) for name in found.column(0).to_pylist()]


class _Frozen(Snapshot):
    name = FILE

    def __init__(self, shadow: Path, frozen: Path) -> None:
        self._shadow = shadow
        self._frozen = frozen

    def copy(self, folder: Path, going: Going) -> None:
        try:
            with (folder / self.name).open("wb") as file:
                with tarfile.open(fileobj=file, mode="w") as packed:
                    for path in _files(self._frozen):
                        packed.add(path, path.relative_to(self._frozen), recursive=False)
                        going()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreUnavailable(f"The columns cannot be copied: {error}.") from error
        sync_folder(folder)

    def close(self) -> None:
        shutil.rmtree(self._shadow, ignore_errors=True)


def _beside_parts(folder: Path) -> Iterator[Path]:
    """What the engine keeps beside the parts: definitions, formats, tokens seen."""
    for path in _files(folder):
        top, *rest = path.relative_to(folder).parts
        if top == "metadata" or (top == "store" and (len(rest) == _TABLE or rest[2] == _TOKENS)):
            yield path


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
