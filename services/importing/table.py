"""A CSV file as rows with their line numbers, read in bounded memory whatever is in it.

A row that cannot be read is told with its reason and spoils no other: where a quotation mark is
never closed, reading goes on with the line after the one that opened it.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from schemas.errors import Fault, InvalidInput
from services.importing.apostrophes import unescaped

LONGEST_ROW = 1 << 20  # characters
MOST_LINES = 1000  # that one row may span
LINE, REASON = "ab_line", "ab_reason"  # the columns that a file of rejected rows has beside its own

_DELIMITERS = ",;\t|"
_SHOWN = 1000
_ODD = re.compile("[\0\ud800-\udfff]")
_BLOCK = 1 << 20
_UNCLOSED = "unexpected end of data"
_FAULTS = {
    _UNCLOSED: "A quotation mark that opens in this line is never closed: close it, or double it.",
    "field larger than field limit": "A cell has more than 131,072 characters: shorten it.",
    "expected after": "A quotation mark inside a quoted cell is not doubled: double it.",
}
_LONG = f"The line has more than {LONGEST_ROW:,} characters: shorten it."
_NUL = "The line holds a NUL byte: remove it."


@dataclass(frozen=True, slots=True)
class Line:
    """A row with the number of its first line. With a fault, ``cells`` are what could be read."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


class Measure(NamedTuple):
    """What one pass over the bytes tells: their digest, and about how many rows there are."""

    digest: str
    rows: int


class _Physical(NamedTuple):
    """A line of the file as it lies there."""

    text: str
    fault: str = ""


def measure(path: Path) -> Measure:
    """Read a file once, as bytes."""
    digest, lines, last = hashlib.sha256(), 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
    return Measure(digest.hexdigest(), max(lines - (last == b"\n"), 0))


class Table:
    """An open CSV file: its header, and its rows once. Raises ``InvalidInput`` for what is none."""

    def __init__(self, path: Path, encoding: str | None, delimiter: str | None) -> None:
        self.encoding = encoding or _encoding_of(path)
        self._file = _opened(path, self.encoding)
        self._back: deque[_Physical] = deque()
        self._number = 0
        self._ended = False
        try:
            self.delimiter = delimiter or _delimiter_of(self._peek(path))
            self.header = self._read_header(path)
        except InvalidInput:
            self._file.close()
            raise
        self._own = REASON in self.header  # a file of rejected rows, mended

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def lines(self) -> Iterator[Line]:
        """The rows below the header; empty lines are passed over."""
        while (line := self._next()) is not None:
            if line.cells or line.fault:
                yield self._checked(line)

    def _checked(self, line: Line) -> Line:
        if self._own:
            line = Line(line.number, tuple(map(unescaped, line.cells)), line.fault)
        found, wanted = len(line.cells), len(self.header)
        if line.fault or found == wanted:
            return line
        fault = f"The row has {found} cells where the header has {wanted}: check its delimiters"
        more = self.delimiter.join(line.cells[wanted:])[:_SHOWN]
        return Line(line.number, line.cells, fault + (f" ({more!r} is over)." if more else "."))

    def _peek(self, path: Path) -> str:
        physical = self._take()
        if physical is None:
            raise InvalidInput(f"{path} is empty: its first line must name the columns.")
        self._give_back([physical])
        return physical.text

    def _read_header(self, path: Path) -> tuple[str, ...]:
        line = self._next()
        if line is None or line.fault:
            reason = line.fault if line else "It has no rows."
            raise InvalidInput(f"{path} has no header that can be read. {reason}")
        header = tuple(cell.strip() for cell in line.cells)
        double = sorted({name for name in header if name and header.count(name) > 1})
        if double:
            names = ", ".join(double)
            raise InvalidInput(
                f"{path}, line {line.number}: the header names {names} more than once; give each"
                " column a name of its own."
            )
        if not any(header):
            raise InvalidInput(f"{path}, line {line.number}: the header names no columns.")
        return header

    def _next(self) -> Line | None:
        first = self._number + 1
        taken: list[_Physical] = []
        reader = csv.reader(self._feed(taken), delimiter=self.delimiter, strict=True)
        try:
            cells = next(reader)
        except StopIteration:
            return None
        except csv.Error as error:
            self._give_back(taken[1:])
            raw, fault = taken[0]
            return Line(first, (raw.rstrip("\r\n")[:_SHOWN],), fault or _explained(error))
        fault = next((physical.fault for physical in taken if physical.fault), "")
        return Line(first, tuple(cells), fault)

    def _feed(self, taken: list[_Physical]) -> Iterator[str]:
        """The lines of one row, as the parser asks for them, up to the bounds of a row."""
        size = 0
        while (physical := self._take()) is not None:
            taken.append(physical)
            size += len(physical.text)
            if physical.fault == _LONG or size > LONGEST_ROW or len(taken) > MOST_LINES:
                raise csv.Error(_UNCLOSED)
            yield physical.text

    def _take(self) -> _Physical | None:
        if self._back:
            self._number += 1
            return self._back.popleft()
        try:
            text = "" if self._ended else self._file.readline(LONGEST_ROW)
        except UnicodeError:  # some encodings cannot go on after what they cannot read
            self._ended = True
            self._number += 1
            return _Physical("", f"From here on the file is not {self.encoding}: check that.")
        if not text:
            return None
        self._number += 1
        if len(text) == LONGEST_ROW and not text.endswith("\n"):
            while (rest := self._file.readline(LONGEST_ROW)) and not rest.endswith("\n"):
                pass
            return _Physical(text[:_SHOWN], _LONG)
        odd = _ODD.search(text)
        if odd is None:
            return _Physical(text)
        wrong = f"The line holds bytes that are not {self.encoding}: name the right encoding."
        return _Physical(text, _NUL if odd[0] == "\0" else wrong)

    def _give_back(self, lines: list[_Physical]) -> None:
        self._back.extendleft(reversed(lines))
        self._number -= len(lines)


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InvalidInput(f'{path} begins like UTF-16: say encoding = "utf-16" in the mapping.')
    return "utf-8-sig"


def _opened(path: Path, encoding: str) -> io.TextIOWrapper:
    try:
        # Bytes that cannot be read are kept as they are, for the file of rejected rows.
        return path.open(encoding=encoding, errors="surrogateescape", newline="")
    except LookupError:
        fault = Fault("/encoding", "Name one that Python knows, such as utf-8 or cp1250.")
        raise InvalidInput(f"There is no encoding {encoding[:40]!r}.", (fault,)) from None


def _delimiter_of(header: str) -> str:
    """The one of the usual delimiters that the header has most of, outside quotation marks."""
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _explained(error: csv.Error) -> str:
    text = str(error)
    known = (words for part, words in _FAULTS.items() if part in text)
    return next(known, f"The line is no CSV: {text}.")
