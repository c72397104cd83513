"""Where commands write: results on one stream, everything else on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

GAP = "  "


@dataclass(frozen=True, slots=True)
class Terminal:
    """The two streams of a command."""

    out: TextIO
    err: TextIO

    def tell(self, line: str) -> None:
        """A line of the result."""
        self.out.write(line + "\n")
        self.out.flush()

    def note(self, line: str) -> None:
        """A line beside the result."""
        self.err.write(line + "\n")
        self.err.flush()

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows in aligned columns, the first of them the heading."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
            self.tell(GAP.join(cells).rstrip())
