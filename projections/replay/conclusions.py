"""What a generation concludes otherwise than the live one: told when it takes its place.

While it grows it publishes nothing, since the live one has. Whoever follows responses and verdicts
must then learn what has become different, by the same events as if it had just happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from events.compose import Draft
from projections.columns.arrow import names_table, to_table
from projections.columns.copies import DOCUMENTS
from projections.columns_sink import NAME as COLUMNS
from projections.folds.fold import Fold, Row
from projections.folds.lookups import Lookups
from projections.folds.members.document import MemberDoc
from projections.judgements.projection import judged_draft
from projections.read_models import ReadModels, Sinks
from projections.stores.rows import FOLD_TABLES
from projections.stores.tables import JUDGEMENT_COLUMNS
from projections.turns import numbered_turns
from schemas.derived.judgement import InteractionJudged
from schemas.fields import Model

_CONTENT = ("verdict", "reasons", "flags", "turns_at", "turns_to")
_SAME = " AND ".join(f"n.{name} = o.{name}" for name in _CONTENT)
# Whether the live generation has a verdict on the hit is told by its number, which is never 0.
_OTHERWISE = (
    "SELECT n.workspace AS workspace, toString(n.event_id) AS event_id, "
    "n.message_key AS message_key, n.person AS person, n.event_type AS event_type, "
    "n.occurred_at AS occurred_at, n.classifier_version AS classifier_version, "
    "toString(n.verdict) AS verdict, n.reasons AS reasons, n.flags AS flags, "
    "n.ordinal AS ordinal, n.turns_at AS turns_at, "
    "arrayMap(to -> toString(to), n.turns_to) AS turns_to, n.version AS version, "
    f"o.generation > 0 AS is_known, o.ordinal AS before, {_SAME} AS is_same "
    "FROM (SELECT * FROM judgement FINAL WHERE generation = {new:UInt32}) AS n "
    "LEFT JOIN (SELECT * FROM judgement FINAL WHERE generation = {live:UInt32}) AS o "
    "ON o.workspace = n.workspace AND o.message_key = n.message_key AND o.event_id = n.event_id "
    f"WHERE o.generation = 0 OR o.ordinal != n.ordinal OR NOT ({_SAME})"
)
_TOLD = ", ".join(JUDGEMENT_COLUMNS)
_TAKEN_BACK = (
    f"INSERT INTO judgement ({_TOLD}) SELECT {_TOLD} FROM (SELECT * REPLACE ({{new:UInt32}} AS "
    "generation, 0 AS version) FROM (SELECT * FROM judgement FINAL "
    "WHERE generation = {live:UInt32} AND verdict = 'unjudged' AND event_id NOT IN ("
    "SELECT event_id FROM judgement WHERE generation = {new:UInt32})))"
)
"""Verdicts on hits that were undone: they are no rows, but their numbers were given."""
_TESTS = (
    "SELECT toString(event_id) AS event_id FROM journal "
    "WHERE test AND event_id IN (SELECT toUUID(name) FROM $given)"
)


def settle_verdicts(models: ReadModels, live: int, new: int) -> list[Draft]:
    """The verdicts that are others; and in the new generation, their numbers go on from the live.

    A verdict's number is part of its event's id, and one that was given before would be taken for
    the event that bore it. Done twice, it changes nothing.
    """
    models.columns.run(_TAKEN_BACK, {"live": live, "new": new})
    rows = models.columns.query(_OTHERWISE, {"live": live, "new": new}).to_pylist()
    if not rows:
        return []
    for row in rows:
        row["generation"] = new
        if row["is_known"]:
            row["ordinal"] = row["before"] + (0 if row["is_same"] else 1)
    workspaces = {row["workspace"] for row in rows}
    least = max(row["version"] for row in rows) + 1
    with numbered_turns(models.rows, COLUMNS, new, workspaces, least) as numbers:
        numbered = [{**row, "version": numbers[row["workspace"]]} for row in rows]
        models.columns.insert("judgement", to_table(JUDGEMENT_COLUMNS, numbered))
    told = [row for row in rows if not (row["is_known"] and row["is_same"])]
    given = names_table(name=[row["event_id"] for row in told])
    tests = set(models.columns.query(_TESTS, None, given).column("event_id").to_pylist())
    return [_verdict(row, new, test=row["event_id"] in tests) for row in told]


def _verdict(row: Mapping[str, Any], generation: int, *, test: bool) -> Draft:
    said = InteractionJudged.model_validate(
        {name: row[name] for name in InteractionJudged.model_fields if name in row}
    )
    person, at = row["person"], row["occurred_at"]
    return judged_draft(row["workspace"], generation, said, person, at, test=test)


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
            context = lookups.context(after.book, now, lambda _names: {})
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
