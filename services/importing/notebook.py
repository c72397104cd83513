"""How far an import has come, in a small file beside the CSV: it spares the next run the work.

Nothing depends on it. Every fact has a fixed id, so sending all of them again changes nothing; and
the next run believes the notes only if the server knows the last rows they speak of.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from services.importing.replacing import replace

SUFFIX = ".progress"


class Answered(BaseModel):
    """What the server said about a row that it did not take."""

    conflict: bool
    reason: str


class Done(BaseModel):
    """How many groups have been answered, and what was said of their facts together. ``proof`` is
    the number of the last of them that had any facts."""

    model_config = ConfigDict(frozen=True)

    groups: int = 0
    proof: int = -1
    accepted: int = 0
    duplicates: int = 0


class Notes(BaseModel):
    """``name`` is that of the import: file, mapping, target. ``answered`` is by line number."""

    name: str
    done: Done = Done()
    answered: dict[int, Answered] = {}


class Notebook:
    """The notes of one import."""

    def __init__(self, csv: Path, *parts: str) -> None:
        self._path = csv.with_name(csv.name + SUFFIX)
        name = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        self._fresh = Notes(name=name)
        self.usable = True

    def read(self) -> Notes:
        """The notes of an earlier run of this very import, else fresh ones."""
        try:
            notes = Notes.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return self._new()
        return notes if notes.name == self._fresh.name else self._new()

    def forget(self) -> Notes:
        """Begin anew."""
        self._path.unlink(missing_ok=True)
        return self._new()

    def save(self, notes: Notes) -> None:
        """Write the notes down; where that is not possible, an import just cannot be resumed."""
        if not self.usable:
            return
        try:
            replace(self._path, notes.model_dump_json())
        except OSError:
            self.usable = False

    def _new(self) -> Notes:
        return self._fresh.model_copy(deep=True)
