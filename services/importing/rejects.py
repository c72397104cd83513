"""The rows that were not taken, as a file that can be mended and imported again.

It has the columns of the original, in its encoding and with its delimiter, so that the same mapping
fits; beside them the line each row came from, and the reason.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import IO, Any

from services.importing.apostrophes import escaped
from services.importing.table import LINE, REASON, Line, Table


class Rejects:
    """Writes rejected rows; the file is made with the first of them."""

    def __init__(self, path: Path | None, table: Table) -> None:
        self._path = path
        self._table = table
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, line: Line, reason: str) -> None:
        """Write one row."""
        if self._path is None:
            return
        header = self._table.header
        kept = [place for place, name in enumerate(header) if name not in (LINE, REASON)]
        if self._file is None:
            self._open(self._path, [header[place] for place in kept])
        cells = (*line.cells, *[""] * len(header))
        row = [escaped(cells[place]) for place in kept]
        row += [str(line.number), escaped(self._encodable(reason))]
        try:
            self._writer.writerow(row)
        except UnicodeEncodeError:  # some encodings cannot keep the bytes that they could not read
            self._writer.writerow(map(self._encodable, row))

    def close(self) -> Path | None:
        """Finish; answers where the rows lie, if there are any."""
        if self._file is None:
            return None
        self._file.close()
        self._file = None
        return self._path

    def _open(self, path: Path, names: list[str]) -> None:
        self._file = path.open(
            "w", encoding=self._table.encoding, errors="surrogateescape", newline=""
        )
        self._writer = csv.writer(self._file, delimiter=self._table.delimiter)
        self._writer.writerow([*names, LINE, REASON])

    def _encodable(self, reason: str) -> str:
        encoding = self._table.encoding
        return reason.encode(encoding, "replace").decode(encoding)
