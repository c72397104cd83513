"""What entities wait for: names that nobody has provided yet, and instants that have not come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from events.sql.bulk import insert_rows
from projections.folds.fold import Fold, Outcome
from projections.stores.rows import SETTLING, WAITING, of_fold


def _among(column: sa.Column[str]) -> sa.ColumnElement[bool]:
    return column.in_(sa.bindparam("names", expanding=True))


def _delete(table: sa.Table, *names: str) -> sa.Delete:
    here = (table.c[name] == sa.bindparam(f"old_{name}") for name in names)
    return table.delete().where(*of_fold(table), *here)


_WAITING_FOR = sa.select(WAITING.c.entity).where(*of_fold(WAITING), _among(WAITING.c.need))
MOST_DUE = 500
"""How many are taken at once."""

_DUE = (
    sa.select(SETTLING.c.fold, SETTLING.c.workspace, SETTLING.c.entity, SETTLING.c.due_at)
    .where(
        SETTLING.c.generation == sa.bindparam("of_generation"),
        SETTLING.c.due_at <= sa.bindparam("moment"),
    )
    .order_by(SETTLING.c.due_at.desc(), SETTLING.c.workspace, SETTLING.c.entity)
    .limit(MOST_DUE)
)
_NEEDS = sa.select(WAITING.c.need, WAITING.c.entity).where(
    *of_fold(WAITING), _among(WAITING.c.entity)
)
_DUES = sa.select(SETTLING.c.entity, SETTLING.c.due_at).where(
    *of_fold(SETTLING), _among(SETTLING.c.entity)
)
_MET = _delete(WAITING, "need", "entity")
_SETTLED = _delete(SETTLING, "entity", "due_at")


class Waits:
    """What entities of one generation wait for.

    Only what differs is written: most entities that are folded again wait for what they waited for
    before, and most wait for nothing at all.
    """

    def __init__(self, connection: sa.Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def waiting_for(self, fold: Fold, workspace: str, names: list[str]) -> list[str]:
        """The entities of a fold that wait for any of these names."""
        values = {**self._of(fold, workspace), "names": names}
        return list(self._connection.execute(_WAITING_FOR, values).scalars())

    def due(
        self, logical_time: int, workspaces: Collection[str]
    ) -> dict[str, dict[tuple[str, str], int]]:
        """By fold, the entities of these workspaces whose time has come, and what time it was.

        The rest of many waits for the next time.
        """
        values = {"of_generation": self._generation, "moment": logical_time}
        found: dict[str, dict[tuple[str, str], int]] = {}
        for fold, workspace, entity, at in self._connection.execute(_DUE, values):
            if workspace in workspaces:
                found.setdefault(fold, {})[workspace, entity] = at
        return found

    def dues(self, fold: Fold, workspace: str, names: list[str]) -> dict[str, int]:
        """When these entities are due, those that are."""
        values = {**self._of(fold, workspace), "names": names}
        return dict(map(tuple, self._connection.execute(_DUES, values)))

    def remember(
        self, fold: Fold, workspace: str, names: list[str], outcomes: Mapping[str, Outcome]
    ) -> None:
        """What these entities wait for from now on; one without an outcome waits for nothing."""
        values = {**self._of(fold, workspace), "names": names}
        about = (self._generation, fold.name, workspace)
        had = {(need, entity) for need, entity in self._connection.execute(_NEEDS, values)}
        needs = {(need, entity) for entity, o in outcomes.items() for need in o.needs}
        self._forget(_MET, fold, workspace, ("need", "entity"), had - needs)
        insert_rows(
            self._connection, WAITING, [(*about, *new) for new in sorted(needs - had)], "refuse"
        )
        settling = {(entity, at) for entity, at in self._connection.execute(_DUES, values)}
        dues = {(entity, o.due_at) for entity, o in outcomes.items() if o.due_at is not None}
        self._forget(_SETTLED, fold, workspace, ("entity", "due_at"), settling - dues)
        insert_rows(
            self._connection, SETTLING, [(*about, *new) for new in dues - settling], "refuse"
        )

    def _forget(
        self,
        statement: sa.Delete,
        fold: Fold,
        workspace: str,
        names: tuple[str, str],
        old: Iterable[tuple[Any, Any]],
    ) -> None:
        of = self._of(fold, workspace)
        rows = [{**of, **{f"old_{n}": v for n, v in zip(names, row, strict=True)}} for row in old]
        if rows:
            self._connection.execute(statement, rows)

    def _of(self, fold: Fold, workspace: str) -> dict[str, Any]:
        return {
            "of_generation": self._generation,
            "of_fold": fold.name,
            "of_workspace": workspace,
        }
