"""What came of an import, for whoever started it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

MOST_TOLD = 20


@dataclass(slots=True)
class Outcome:
    """The counts of one import. ``repeated`` are rows that say again what an earlier row said."""

    unused: Sequence[str] = ()
    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    repeated: int = 0
    conflicts: int = 0
    wrong: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)
    rejected: Path | None = None

    def tell(self, line: int, reason: str) -> None:
        """Note why a row was not taken; the first ones are shown."""
        if len(self.told) < MOST_TOLD:
            self.told.append((line, reason))

    @property
    def not_taken(self) -> int:
        """The rows that are to be mended."""
        return self.conflicts + self.wrong

    def faults(self, csv: Path) -> list[str]:
        """A line for each of the first rows that were not taken."""
        lines = [f"{csv}, line {line}: {reason}" for line, reason in self.told]
        more = self.not_taken - len(self.told)
        if more > 0:
            lines.append(f"... and {more:,} more.")
        if self.rejected is not None:
            lines.append(
                f"Mend them in {self.rejected} and import that file with the same mapping."
            )
        return lines

    def table(self, batch: UUID, *, stored_known: bool) -> list[tuple[str, str]]:
        """The counts."""
        stored = f"{self.duplicates:,}" if stored_known else "not looked up"
        return [
            ("rows", f"{self.rows:,}"),
            ("accepted", f"{self.accepted:,}"),
            ("stored already", stored),
            ("twice in the file", f"{self.repeated:,}"),
            ("conflicts", f"{self.conflicts:,}"),
            ("wrong", f"{self.wrong:,}"),
            ("batch", str(batch)),
        ]
