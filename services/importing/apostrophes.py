"""Cells that a spreadsheet would run as a formula get an apostrophe, and lose it when read again.

A cell that has apostrophes before such a sign by itself gets one more, so that nothing is lost.
Numbers stay numbers: -3.5 is not escaped (interfaces, section 9).
"""

from __future__ import annotations

import re

_DANGEROUS = re.compile("'*[=+\\-@\t\r]")
_ESCAPED = re.compile("'+[=+\\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)


def escaped(cell: str) -> str:
    """The cell as it may be opened in a spreadsheet."""
    return f"'{cell}" if _DANGEROUS.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unescaped(cell: str) -> str:
    """The cell that ``escaped`` was given."""
    return cell[1:] if _ESCAPED.match(cell) else cell
