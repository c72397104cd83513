"""The events behind a row: its facts are folded again, one more each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from events.sql.tables import reading
from projections.differences.difference import Change, changes_between
from projections.folds.fold import Context, Fold, Known
from projections.folds.keeping import Keeping
from projections.folds.lookups import Lookups
from projections.folds.met import Met
from projections.progress import logical_time_of
from projections.read_models import ReadModels
from projections.replay.journaled import TABLES, Place, events_of
from projections.replay.replays import Step
from projections.rows_sink import NAME as ROWS
from projections.stores.rows import FOLD_TABLES
from schemas.errors import InvalidInput, NotFound

MOST_FACTS = 1000
"""The last ones of an entity are told by what they change: each is folded with all before."""


def history_of(
    models: ReadModels, generation: int, table: str, workspace: str, row: str
) -> list[Step]:
    """The events behind a row, with what each changed in it, by the rules of a generation.

    ``table`` is ``rows.response``, or ``columns.response`` for the same row. Of a row that a text
    makes the events alone are told. Raises ``NotFound`` and ``InvalidInput``.
    """
    name = table.partition(".")[2]
    if name in TABLES:
        return events_of(Place(models.columns, generation, workspace, row), name)
    if name not in FOLD_TABLES:
        names = ", ".join(
            [f"columns.{known}" for known in sorted(TABLES)]
            + [f"rows.{known}" for known in sorted(FOLD_TABLES)]
        )
        raise InvalidInput(f"There is no history of {table[:60]!r}. Name one of {names}.")
    sinks = models.sinks(generation, publishes=False)
    sinks.rows.learn()
    with reading(models.rows).begin() as connection:
        entity = _entity_of(connection, FOLD_TABLES[name], workspace, row)
        moment = logical_time_of(connection, ROWS, generation)
        keeping = Keeping(connection, generation, Met())
        for fold in (fold for fold in sinks.folds if name in fold.tables):
            facts = keeping.facts(fold, workspace, [entity]).get(entity, [])
            if facts:
                ordered = sorted(facts, key=lambda known: known.order)
                lookups = _lookups(connection, generation, workspace, entity, ordered)
                facts_of = partial(keeping.facts, fold, workspace)
                classifier = sinks.classifiers.version(workspace)
                context = lookups.context(sinks.book, moment, classifier, facts_of)
                return list(_steps(fold, entity, ordered, context, (name, row)))
    raise NotFound(f"Generation {generation} has no facts of {row!r} in {table}.")


def _entity_of(connection: sa.Connection, table: sa.Table, workspace: str, row: str) -> str:
    """Of any generation: a row may be in only one of two that differ."""
    mine = (table.c.workspace == workspace, table.c.id == row)
    found = connection.execute(sa.select(table.c.entity).where(*mine).limit(1)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no {table.name} {row[:60]!r} in workspace {workspace[:40]!r}.")
    return str(found)


def _lookups(
    connection: sa.Connection, generation: int, workspace: str, entity: str, facts: Sequence[Known]
) -> Lookups:
    subjects = sorted({entity, *(known.event.subject_id for known in facts)})
    span = (facts[0].event.occurred_at, facts[-1].event.occurred_at)
    return Lookups(connection, generation, workspace, subjects, span)


def _steps(
    fold: Fold, entity: str, facts: Sequence[Known], context: Context, place: tuple[str, str]
) -> Iterator[Step]:
    before: bytes | None = None
    for count, known in enumerate(facts, 1):
        changes: list[Change] = []
        if len(facts) - count < MOST_FACTS:
            rows = fold.fold(entity, facts[:count], context).rows
            after = next((one.content for one in rows if (one.table, one.id) == place), None)
            changes = list(changes_between(_read(before), _read(after)))
            before = after
        topic, partition, offset = known.event.position
        position = f"{topic.value}/{partition}/{offset}"
        yield Step(known.id, known.event.type, known.event.occurred_at, position, changes)


def _read(content: bytes | None) -> dict[str, Any]:
    return {} if content is None else orjson.loads(content)
