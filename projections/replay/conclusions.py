"""What a generation concludes otherwise than the live one: told when it takes its place.

While it grows it publishes none of this, since the live one has. Whoever follows responses must
then learn what has become different, by the same events as if it had just happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from events.compose import Draft
from projections.columns.copies import DOCUMENTS
from projections.folds.fold import Fold, Row
from projections.folds.lookups import Lookups
from projections.folds.members.document import MemberDoc
from projections.read_models import Sinks
from projections.stores.rows import FOLD_TABLES
from schemas.fields import Model

_DOCUMENTS: dict[str, type[Model]] = {**DOCUMENTS, "member": MemberDoc}


def other_conclusions(connection: sa.Connection, after: Sinks, live: int, now: int) -> list[Draft]:
    """What follows when the rows of the live generation become those of another one."""
    drafts: list[Draft] = []
    new = after.generation
    for fold in after.folds:
        if type(fold).conclude is Fold.conclude:
            continue
        for workspace, entity in sorted(_differing(connection, fold, live, new)):
            before = [row.doc for row in _rows_of(connection, fold, live, workspace, entity)]
            rows = _rows_of(connection, fold, new, workspace, entity)
            kept = [Row(row.table, row.id, _document(row)) for row in rows]
            lookups = Lookups(connection, new, workspace, [entity], (0, 0))
            classifier = after.classifiers.version(workspace)
            context = lookups.context(after.book, now, classifier, lambda _names: {})
            drafts += fold.conclude(before, kept, None, context)
    return drafts


def _document(row: Any) -> Model:
    return _DOCUMENTS[row.table].model_validate_json(row.doc)


def _differing(connection: sa.Connection, fold: Fold, live: int, new: int) -> set[tuple[str, str]]:
    """The entities whose rows differ."""
    found: set[tuple[str, str]] = set()
    for name in fold.tables:
        for mine, other in ((live, new), (new, live)):
            found.update(map(tuple, connection.execute(_otherwise(FOLD_TABLES[name], mine, other))))
    return found


def _otherwise(table: sa.Table, mine: int, other: int) -> sa.Select[Any]:
    """Workspace and entity of rows that one generation has, and another has not, or otherwise."""
    here, there = table.alias("here"), table.alias("there")
    same = sa.exists().where(
        there.c.generation == other, there.c.workspace == here.c.workspace,
        there.c.id == here.c.id, there.c.doc == here.c.doc,
    )  # fmt: skip
    chosen = sa.select(here.c.workspace, here.c.entity).distinct()
    return chosen.where(here.c.generation == mine, ~same)


def _rows_of(
    connection: sa.Connection, fold: Fold, generation: int, workspace: str, entity: str
) -> Iterator[Any]:
    for name in fold.tables:
        table = FOLD_TABLES[name]
        query = sa.select(sa.literal(name).label("table"), table.c.id, table.c.doc).where(
            table.c.generation == generation, table.c.workspace == workspace,
            table.c.entity == entity,
        )  # fmt: skip
        yield from connection.execute(query.order_by(table.c.id))
