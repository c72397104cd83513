"""What read models of any generation are made of, and the two sinks that keep one generation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from events.compose import Composer
from events.log import EventLog
from projections.columns_sink import ColumnsSink
from projections.folds.fold import Fold
from projections.folds.reference import ReferenceBook
from projections.generations import Versions, versions_of
from projections.judgements.classifiers import Classifiers
from projections.rows_sink import RowsSink
from projections.stores.columns import Columns

Folds = Callable[[ReferenceBook], Sequence[Fold]]
"""The folds over a book of reference data."""


@dataclass(frozen=True, slots=True)
class Sinks:
    """The sinks of one generation, and the rules of the one for rows."""

    generation: int
    rows: RowsSink
    columns: ColumnsSink
    book: ReferenceBook
    folds: Sequence[Fold]
    classifiers: Classifiers

    def publish(self, on: bool) -> None:
        """Tell others what they conclude from now on, or no longer."""
        self.rows.publishes = self.columns.publishes = on


@dataclass(frozen=True, slots=True)
class ReadModels:
    """The stores, the log they follow, and the rules they follow it by."""

    rows: sa.Engine
    columns: Columns
    log: EventLog
    composer: Composer
    folds: Folds
    older: Folds = lambda _book: ()
    """Folds of versions before: what was made by them is kept up to date by them."""

    def folds_of(self, book: ReferenceBook, versions: Versions) -> Sequence[Fold]:
        """The folds of these versions; the newest where this program has no such version.

        One that came later is none of them: it has kept nothing of what was before.
        """
        older = {(fold.name, fold.version): fold for fold in self.older(book)}
        return [
            older.get((fold.name, versions.get(fold.name, fold.version)), fold)
            for fold in self.folds(book)
            if not versions or fold.name in versions
        ]

    def sinks(
        self,
        generation: int,
        versions: Versions | None = None,
        classifiers: Classifiers | None = None,
        *,
        publishes: bool = True,
    ) -> Sinks:
        """New sinks of a generation, by its own rules if no others are given.

        Those that do not publish keep their conclusions in it.
        """
        book = ReferenceBook()
        rules = versions_of(self.rows, generation) if versions is None else versions
        folds = self.folds_of(book, rules)
        classifiers = classifiers or Classifiers(self.log, rules)
        rows = RowsSink(
            self.rows, self.log, self.composer, book, folds, classifiers,
            generation=generation, publishes=publishes,
        )  # fmt: skip
        columns = ColumnsSink(
            self.rows, self.columns, self.log, self.composer, generation, classifiers,
            publishes=publishes,
        )  # fmt: skip
        return Sinks(generation, rows, columns, book, folds, classifiers)
