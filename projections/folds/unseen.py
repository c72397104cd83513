"""Entities that have not met some rules yet: those that took effect since a moment.

A rule that takes effect touches every entity of its workspace. They are folded a part at a time,
and each only by what has changed since: a hundred other rules say what they said before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from projections.folds.fold import Fold
from projections.stores.rows import KEPT, UNSEEN, of_fold

MOST = 500
"""How many are folded at once."""


def _among() -> sa.ColumnElement[bool]:
    return UNSEEN.c.entity.in_(sa.bindparam("names", expanding=True))


_SINCE = sa.bindparam("since", type_=sa.BigInteger)
_LATER = UNSEEN.delete().where(*of_fold(UNSEEN), UNSEEN.c.since > _SINCE)
_MARKED = sa.select(UNSEEN.c.entity).where(*of_fold(UNSEEN))
_EVERY = (
    sa.select(KEPT.c.generation, KEPT.c.fold, KEPT.c.workspace, KEPT.c.entity, _SINCE)
    .where(*of_fold(KEPT), KEPT.c.entity.not_in(_MARKED))
    .distinct()
)
_MARK = UNSEEN.insert().from_select(["generation", "fold", "workspace", "entity", "since"], _EVERY)
_NEXT = (
    sa.select(UNSEEN.c.fold, UNSEEN.c.workspace, UNSEEN.c.entity)
    .where(
        UNSEEN.c.generation == sa.bindparam("of_generation"),
        UNSEEN.c.workspace.in_(sa.bindparam("workspaces", expanding=True)),
    )
    .order_by(UNSEEN.c.fold, UNSEEN.c.workspace, UNSEEN.c.entity)
    .limit(MOST)
)
_MARKS = sa.select(UNSEEN.c.entity, UNSEEN.c.since).where(*of_fold(UNSEEN), _among())
_SEEN = UNSEEN.delete().where(*of_fold(UNSEEN), _among())


class Unseen:
    """The marks of one generation; an entity has one at most, of the earliest moment."""

    def __init__(self, connection: sa.Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def mark(self, fold: Fold, workspace: str, since: int) -> None:
        """Every entity that a fold has kept something for has not met what took effect since."""
        values = {**self._about(fold, workspace), "since": since}
        self._connection.execute(_LATER, values)
        self._connection.execute(_MARK, values)

    def next(self, workspaces: Collection[str]) -> dict[str, set[tuple[str, str]]]:
        """By fold, the next entities of these workspaces; the rest waits for the next time."""
        found: dict[str, set[tuple[str, str]]] = {}
        values = {"of_generation": self._generation, "workspaces": sorted(workspaces)}
        for fold, workspace, entity in self._connection.execute(_NEXT, values):
            found.setdefault(fold, set()).add((workspace, entity))
        return found

    def of(self, fold: Fold, workspace: str, names: Sequence[str]) -> dict[str, int]:
        """Since when these entities have not met rules, those that have a mark."""
        values = {**self._about(fold, workspace), "names": names}
        return dict(map(tuple, self._connection.execute(_MARKS, values)))

    def forget(self, fold: Fold, workspace: str, names: Sequence[str]) -> None:
        """They have met all that is in force by now."""
        self._connection.execute(_SEEN, {**self._about(fold, workspace), "names": names})

    def _about(self, fold: Fold, workspace: str) -> dict[str, Any]:
        return {
            "of_generation": self._generation,
            "of_fold": fold.name,
            "of_workspace": workspace,
        }


def unseen_workspaces(generation: int) -> sa.Select[Any]:
    """The workspaces in which some entity has a mark."""
    return sa.select(UNSEEN.c.workspace).where(UNSEEN.c.generation == generation).distinct()
