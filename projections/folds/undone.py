"""Batches that were undone (R31): what folds keep of their facts counts no more.

The facts stay kept, for a fold's rows are a function of its facts, and here it is said which of
them count. Whatever order a batch's facts and its undoing come in, the rows are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from events.codec import payload_of, to_stored
from events.sql.bulk import insert_rows
from projections.folds.fold import Fold
from projections.page import Failure
from projections.stores.rows import KEPT, KEPT_AGAIN, SETTLING, UNDONE, of_fold
from schemas.catalogue import Topic
from schemas.decisions.batch import BatchUndone
from schemas.envelope import Event
from schemas.errors import Unreadable

AT_ONCE = 0
"""When those are due that something else had folded again; whoever has waited goes first."""
_NOTHING: frozenset[UUID] = frozenset()
_LOAD = sa.select(UNDONE.c.workspace, UNDONE.c.batch).where(
    UNDONE.c.generation == sa.bindparam("generation")
)
_NEEDLE = sa.bindparam("needle", type_=sa.LargeBinary)
# A fact's batch stands in its head alone: to find facts by it costs a look at all of them, once
# when it is undone, and nothing where nearly all facts pass.


def _holders(table: sa.Table, dialect: str) -> sa.Select[tuple[str]]:
    holds: sa.ColumnElement[bool] = sa.func.instr(table.c.head, _NEEDLE) > 0
    if dialect == "postgresql":
        holds = table.c.head.op("LIKE", is_comparison=True)(_NEEDLE)
    facts = table.c.topic == Topic.FACTS.value
    return sa.select(table.c.entity).distinct().where(*of_fold(table), facts, holds)


class Undone:
    """Which batches are undone in one generation."""

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

    def learn(self, events: Sequence[Event], folds: Sequence[Fold]) -> list[Failure]:
        """Have everything folded again that facts of the batches belong to which a page undoes.

        Answers the decisions that cannot be read.
        """
        failures: list[Failure] = []
        for event in events:
            if event.type != "batch.undone":
                continue
            try:
                payload = payload_of(event)
            except Unreadable as error:
                failures.append(Failure(to_stored(event), str(error)))
                continue
            if isinstance(payload, BatchUndone):
                self._undo(event.workspace, payload.batch_id, folds)
        return failures

    def _undo(self, workspace: str, batch: UUID, folds: Sequence[Fold]) -> None:
        known = self.of(workspace)
        if batch in known:
            return
        row = (self._generation, workspace, str(batch))
        insert_rows(self._connection, UNDONE, [row], "ignore")
        self._known = {**(self._known or {}), workspace: known | {batch}}
        for fold in folds:
            self._make_due(fold.name, workspace, batch)

    def _make_due(self, fold: str, workspace: str, batch: UUID) -> None:
        """Have those folded again that have kept a fact of the batch."""
        dialect = self._connection.dialect.name
        needle = f'"batch_id":"{batch}"'
        values = {
            "of_generation": self._generation, "of_fold": fold, "of_workspace": workspace,
            "needle": (needle if dialect == "sqlite" else f"%{needle}%").encode(),
        }  # fmt: skip
        place = (self._generation, fold, workspace)
        for table in (KEPT, KEPT_AGAIN):
            found = self._connection.execute(_holders(table, dialect), values)
            rows = [(*place, entity, AT_ONCE) for entity in found.scalars()]
            insert_rows(self._connection, SETTLING, rows, "replace")


def batch_of(event: Event) -> UUID | None:
    """The batch that a fact came with. What is decided or concluded comes with none that can be
    undone.
    """
    return event.batch_id if event.topic is Topic.FACTS else None
