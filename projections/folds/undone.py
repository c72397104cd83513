"""Batches that were undone (R31): what folds keep of their facts counts no more.

The facts stay kept, for a fold's rows are a function of its facts, and here it is said which of
them count. Whatever order a batch's facts and its undoing come in, the rows are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.codec import payload_of
from events.sql.bulk import insert_rows
from projections.folds.fold import Fold, Known
from projections.stores.rows import BATCHED, SETTLING, UNDONE
from schemas.catalogue import Topic
from schemas.decisions.batch import BatchUndone
from schemas.envelope import Event

AT_ONCE = 0
"""When those are due that something else had folded again; whoever has waited goes first."""
_NOTHING: frozenset[UUID] = frozenset()
_LOAD = sa.select(UNDONE.c.workspace, UNDONE.c.batch).where(
    UNDONE.c.generation == sa.bindparam("generation")
)
_PLACE = ("generation", "fold", "workspace")


def _of(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == sa.bindparam(f"of_{name}") for name in _PLACE]


_OF_BATCH = (*_of(BATCHED), BATCHED.c.batch == sa.bindparam("of_batch"))
_DUE_NOW = SETTLING.delete().where(
    *_of(SETTLING), SETTLING.c.entity.in_(sa.select(BATCHED.c.entity).where(*_OF_BATCH))
)
_MAKE_DUE = SETTLING.insert().from_select(
    ["generation", "fold", "workspace", "entity", "due_at"],
    sa.select(
        BATCHED.c.generation, BATCHED.c.fold, BATCHED.c.workspace, BATCHED.c.entity,
        sa.literal(AT_ONCE),
    ).where(*_OF_BATCH),
)  # fmt: skip


class Undone:
    """Which batches are undone in one generation, and what their facts belong to."""

    def __init__(self, connection: sa.Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation
        self._known: dict[str, frozenset[UUID]] | None = None

    def of(self, workspace: str) -> frozenset[UUID]:
        """The batches of a workspace that are undone."""
        if self._known is None:
            found: dict[str, set[UUID]] = {}
            for name, batch in self._connection.execute(_LOAD, {"generation": self._generation}):
                found.setdefault(name, set()).add(UUID(batch))
            self._known = {name: frozenset(some) for name, some in found.items()}
        return self._known.get(workspace, _NOTHING)

    def covers(self, event: Event) -> bool:
        """Whether an event is a fact that counts no more."""
        batch = batch_of(event)
        return batch is not None and batch in self.of(event.workspace)

    def learn(self, events: Sequence[Event], folds: Sequence[Fold]) -> None:
        """Have everything folded again that facts of the batches belong to which a page undoes."""
        for event in events:
            if event.type == "batch.undone":
                payload = payload_of(event)
                assert isinstance(payload, BatchUndone)  # noqa: S101 - the catalogue says so
                self._undo(event.workspace, payload.batch_id, folds)

    def note(self, fold: Fold, taken: Sequence[tuple[str, Known]]) -> None:
        """Remember which entities of a fold have facts of which batches."""
        rows = {
            (self._generation, fold.name, known.event.workspace, str(batch), entity)
            for entity, known in taken
            if (batch := batch_of(known.event)) is not None
        }
        insert_rows(self._connection, BATCHED, sorted(rows), "ignore")

    def _undo(self, workspace: str, batch: UUID, folds: Sequence[Fold]) -> None:
        known = self.of(workspace)
        if batch in known:
            return
        row = (self._generation, workspace, str(batch))
        insert_rows(self._connection, UNDONE, [row], "ignore")
        self._known = {**(self._known or {}), workspace: known | {batch}}
        for fold in folds:
            values = self._of(fold.name, workspace, batch)
            self._connection.execute(_DUE_NOW, values)
            self._connection.execute(_MAKE_DUE, values)

    def _of(self, fold: str, workspace: str, batch: UUID) -> Mapping[str, Any]:
        return {
            "of_generation": self._generation, "of_fold": fold, "of_workspace": workspace,
            "of_batch": str(batch),
        }  # fmt: skip


def batch_of(event: Event) -> UUID | None:
    """The batch that a fact came with. What is decided or concluded comes with none that can be
    undone.
    """
    return event.batch_id if event.topic is Topic.FACTS else None
