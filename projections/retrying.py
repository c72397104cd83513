"""Dead letters brought back: the original position, applied to the projection that failed alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from projections.dead_letters import Letter, letter_named, letters
from projections.letters import Letters
from projections.read_models import Sinks
from projections.rows_sink import NAME as ROWS


class Retrying(Letters):
    """Dead letters of the stores; nothing else may use these sinks while one is retried.

    ``sinks`` answers those of every generation there is by then, the live one first: what it can
    apply, all others are given too.
    """

    def __init__(self, rows: sa.Engine, sinks: Callable[[], Sequence[Sinks]]) -> None:
        self._rows = rows
        self._sinks = sinks

    def letters(self) -> list[Letter]:
        return letters(self._rows)

    def letter(self, name: str) -> Letter:
        return letter_named(self._rows, name)

    def retry(self, name: str) -> Letter:
        letter = letter_named(self._rows, name)
        if letter.solved:
            return letter
        for sinks in self._sinks():
            (sinks.rows if letter.sink == ROWS else sinks.columns).retry(letter.position)
            letter = letter_named(self._rows, name)
            if not letter.solved:
                break
        return letter
