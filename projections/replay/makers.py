"""Which projections a table follows from, and by which versions it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from projections.entities.refresh import VERSION as ENTITIES_VERSION
from projections.folds.fold import Fold
from projections.generations import Versions
from projections.judgements.classifiers import JUDGEMENTS, projection_of
from projections.judgements.projection import VERSION as JUDGEMENTS_VERSION
from projections.maintenance import Comparison
from projections.stores.tables import ENTITY_COLUMNS

ENTITIES = "entities"


def rules_of(folds: Iterable[Fold]) -> dict[str, int]:
    """The versions of all projections, with these folds among them."""
    return {
        **{fold.name: fold.version for fold in folds},
        JUDGEMENTS: JUDGEMENTS_VERSION,
        ENTITIES: ENTITIES_VERSION,
    }


def makers_of(table: str, folds: Sequence[Fold]) -> frozenset[str]:
    """The projections whose rules a table follows from, ``rows.response`` for example.

    A fold that looks things up may look into the rows of all the others, and responses follow from
    verdicts too.
    """
    name = table.partition(".")[2]
    if name == "judgement":  # signs of a person count for all who belong together
        return frozenset((JUDGEMENTS, *(fold.name for fold in folds if "cluster" in fold.tables)))
    made_by = [fold for fold in folds if name in fold.tables]
    if name in ENTITY_COLUMNS or any(fold.looks_up for fold in made_by):
        return frozenset(rules_of(folds))
    return frozenset(fold.name for fold in made_by)


def changed(before: Versions, after: Versions) -> frozenset[str]:
    """The projections that have another version."""
    names = before.keys() | after.keys()
    return frozenset(name for name in names if before.get(name) != after.get(name))


def because(table: str, other: Iterable[str], folds: Sequence[Fold]) -> list[str]:
    """Those of the ``other`` versions that a table follows from."""
    makers = makers_of(table, folds)
    return sorted(name for name in other if projection_of(name) in makers)


def unexplained(
    comparisons: Iterable[Comparison], folds: Sequence[Fold], before: Versions, after: Versions
) -> list[Comparison]:
    """Tables that differ though nothing they follow from has another version."""
    other = changed(before, after)
    return [one for one in comparisons if not one.equal and not because(one.table, other, folds)]
