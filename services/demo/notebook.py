"""What the demo remembers between two starts: its key, the ids of its objects, the steps done.

Losing it harms nothing but convenience: every step may be played again. It only spares the
second start the work, and the idempotency keys their lifetime of a day.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ValidationError

from schemas.errors import FormatUnknown
from services.importing.replacing import replace


class Notes(BaseModel):
    """The state of the script. ``started_at`` fixes all simulated times, once for ever;
    ``positions`` are what must be readable, by campaign, before its table is printed."""

    started_at: int
    ids: dict[str, UUID] = {}
    done: set[str] = set()
    prepared_at: int | None = None
    bank_rows: int = 0
    offer_people: int = 0
    positions: dict[str, str] = {}


class Notebook:
    """Notes in a file that is replaced whole, so that a crash leaves the old or the new ones."""

    def __init__(self, folder: Path, started_at: int) -> None:
        self._path = folder / "script.json"
        self._key_path = folder / "key"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.notes = self._read() or Notes(started_at=started_at)
        self.save()

    def save(self) -> None:
        """Write the notes down."""
        replace(self._path, self.notes.model_dump_json(indent=1))

    def mark(self, step: str) -> None:
        """Remember that a step is done."""
        self.notes.done.add(step)
        self.save()

    def is_done(self, step: str) -> bool:
        """Whether a step was done, in this run or an earlier one."""
        return step in self.notes.done

    def read_key(self) -> str | None:
        """The secret of the demo's key, kept here since the program itself stores only hashes."""
        try:
            return self._key_path.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def write_key(self, secret: str) -> None:
        """Keep the secret, readable by this user only."""
        replace(self._key_path, secret + "\n")

    def _read(self) -> Notes | None:
        try:
            return Notes.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise FormatUnknown(
                f"{self._path} does not hold the demo's notes. Move it away; the demo then plays"
                " its script again, which changes nothing that is already there."
            ) from error
