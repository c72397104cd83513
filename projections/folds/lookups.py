"""What folds look up: other rows of the same generation, read in the transaction that writes."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from projections.folds.fold import Context
from projections.folds.reference import ReferenceBook
from projections.stores.rows import CLUSTER, FOLD_TABLES, MESSAGE


class Lookups:
    """Looks things up for one workspace and generation."""

    def __init__(self, connection: sa.Connection, generation: int, workspace: str) -> None:
        self._connection = connection
        self._generation = generation
        self._workspace = workspace

    def context(self, reference: ReferenceBook, logical_time: int) -> Context:
        """The context that folds are given."""
        return Context(
            workspace=self._workspace,
            generation=self._generation,
            logical_time=logical_time,
            reference=reference,
            cluster_of=self.cluster_of,
            document=self.document,
            touched_by=self.touched_by,
            members_of=self.members_of,
        )

    def cluster_of(self, subject: str, at: int) -> str:
        """The cluster of a subject at a moment; itself where nothing is known."""
        table = CLUSTER.c
        found = self._connection.execute(
            sa.select(table.cluster)
            .where(*self._mine(CLUSTER), table.subject == subject, table.since <= at)
            .order_by(table.since.desc())
            .limit(1)
        ).scalar_one_or_none()
        return found or subject

    def document(self, name: str, identity: str) -> bytes | None:
        """The document of a row."""
        table = FOLD_TABLES[name]
        return self._connection.execute(
            sa.select(table.c.doc).where(*self._mine(table), table.c.id == identity)
        ).scalar_one_or_none()

    def touched_by(self, cluster: str, since: int, until: int) -> set[str]:
        """The activities whose messages went to a cluster in a span of data time."""
        members = self._members(cluster)
        rows = self._connection.execute(
            sa.select(MESSAGE.c.doc).where(
                *self._mine(MESSAGE),
                MESSAGE.c.at.between(since, until),
                sa.or_(MESSAGE.c.subject == cluster, MESSAGE.c.subject.in_(members)),
            )
        )
        return {orjson.loads(doc)["activity_id"] for (doc,) in rows}

    def members_of(self, cluster: str) -> set[str]:
        """The subjects that belong to a cluster in any span of time."""
        return {subject for (subject,) in self._connection.execute(self._members(cluster))}

    def _members(self, cluster: str) -> sa.Select[Any]:
        return sa.select(CLUSTER.c.subject).where(
            *self._mine(CLUSTER), CLUSTER.c.cluster == cluster
        )

    def _mine(self, table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.generation == self._generation, table.c.workspace == self._workspace)
