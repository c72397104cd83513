"""How far a long step has come: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import math
from typing import TextIO

from schemas.clock import Clock

WIDTH = 30
LINE_EVERY = 5_000  # milliseconds between lines where there is no terminal to draw on


class Progress:
    """Shows rows done, of how many, and how fast. The rate counts only what this run did."""

    def __init__(self, label: str, total: int, done: int, out: TextIO, clock: Clock) -> None:
        self._label = label
        self._total = total
        self._first = done
        self._done = done
        self._out = out
        self._clock = clock
        self._started = clock()
        self._shown: int | None = None
        self._drawn = ""
        self._terminal = out.isatty()

    def advance(self, count: int) -> None:
        """Tell that ``count`` more rows are done."""
        self._done += count
        if self._terminal or self._is_due():
            self._show()

    def finish(self, total: int | None = None) -> None:
        """Show where the step ended, and leave the line; ``total`` where it was only guessed."""
        self._total = self._total if total is None else total
        if self._terminal or self._drawn != self._text():
            self._show()
        if self._terminal:
            self._out.write("\n")
            self._out.flush()

    def _is_due(self) -> bool:
        return self._shown is None or self._clock() - self._shown >= LINE_EVERY

    def _show(self) -> None:
        self._shown = self._clock()
        self._drawn = self._text()
        before, after = ("\r", "\x1b[K") if self._terminal else ("", "\n")
        self._out.write(before + self._drawn + after)
        self._out.flush()

    def _text(self) -> str:
        share = min(self._done / self._total, 1.0) if self._total else 1.0
        full = int(WIDTH * share)
        bar = "#" * full + "." * (WIDTH - full)
        return (
            f"{self._label} [{bar}] {self._done:,} of {self._total:,} rows"
            f" ({share:.0%}), {self._rate():,.0f} rows/s{self._left()}"
        )

    def _left(self) -> str:
        """The time left at this rate; nothing where there is none, or no rate yet."""
        rate, rows = self._rate(), self._total - self._done
        if rate <= 0 or rows <= 0:
            return ""
        minutes, seconds = divmod(math.ceil(rows / rate), 60)
        return f", {minutes}:{seconds:02} left"

    def _rate(self) -> float:
        milliseconds = max(self._clock() - self._started, 1)
        return (self._done - self._first) * 1000 / milliseconds
