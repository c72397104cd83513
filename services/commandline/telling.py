"""How commands tell of rows that differ."""

from __future__ import annotations

from collections.abc import Iterable

from projections.differences.difference import Change, Difference, What
from services.commandline.terminal import Terminal

WORDS = {
    What.MISSING: "only in the live table",
    What.ADDED: "not in the live table",
    What.DOUBLED: "not as often as in the live table",
    What.CHANGED: "other than in the live table",
}
_MOST = 60


def tell_difference(one: Difference, terminal: Terminal, because: str = "") -> None:
    """One group of rows, with its examples."""
    fields = f" in {', '.join(one.fields)}" if one.fields else ""
    terminal.tell(f"{one.table}: {one.count:,} {WORDS[one.what]}{fields}{because}")
    for row in one.examples:
        terminal.tell(f"  {row.workspace} {row.id}")
        for line in changes_of(row.changes):
            terminal.tell(f"    {line}")


def changes_of(changes: Iterable[Change]) -> list[str]:
    """Fields that changed, a line each."""
    return [f"{one.field}: {_short(one.before)} -> {_short(one.after)}" for one in changes]


def _short(text: str) -> str:
    if not text:
        return "nothing"
    return text if len(text) <= _MOST else f"{text[:_MOST]}..."
