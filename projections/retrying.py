"""Dead letters brought back: the original position, applied to the projection that failed alone."""

from __future__ import annotations

import sqlalchemy as sa

from projections.columns_sink import ColumnsSink
from projections.dead_letters import Letter, letter_named, letters
from projections.letters import Letters
from projections.rows_sink import NAME as ROWS
from projections.rows_sink import RowsSink


class Retrying(Letters):
    """Dead letters of the stores; nothing else may use these sinks while one is retried."""

    def __init__(self, rows: sa.Engine, rows_sink: RowsSink, columns_sink: ColumnsSink) -> None:
        self._rows = rows
        self._rows_sink = rows_sink
        self._columns_sink = columns_sink

    def letters(self) -> list[Letter]:
        return letters(self._rows)

    def letter(self, name: str) -> Letter:
        return letter_named(self._rows, name)

    def retry(self, name: str) -> Letter:
        letter = letter_named(self._rows, name)
        if not letter.solved:
            sink = self._rows_sink if letter.sink == ROWS else self._columns_sink
            sink.retry(letter.position)
        return letter_named(self._rows, name)
