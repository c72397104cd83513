"""What another rule would change: who would join a list and who would leave, a part at a time."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from projections.folds.members.fold import Members
from projections.folds.members.rules import InForce
from projections.progress import logical_time_of
from projections.reading.marks import encode_mark, read_mark
from projections.reading.membership import rows_named
from projections.reading.records import Records
from projections.rows_sink import NAME as ROWS
from projections.rules.timelines import member_when
from projections.stores.rows import KEPT
from schemas.rules.language import Rule
from schemas.views import PreviewView


def preview_of(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID, rule: Rule,
    lists: InForce, after: str | None, limit: int,
) -> PreviewView:  # fmt: skip
    """The next so many records, by the rule and as they stand on the list by now."""
    mark = read_mark(after, str)[0] if after is not None else ""
    names = next_names(connection, generation, workspace, mark, limit)
    rules = {**lists.rules, list_id: rule}
    records = Records(connection, generation, workspace, lists.reads | rule.reads)
    records.read(names)
    now = logical_time_of(connection, ROWS, generation)
    would = set[str]()
    asked = [name for name in names if records.kind(name) == rule.member]
    for name in asked:
        history = records.history(name)
        if history is not None and member_when(rule, history, rules).at(now):
            would.add(name)
    rows = rows_named(connection, generation, workspace, [f"{list_id}:{one}" for one in asked])
    stand = {str(doc.member) for doc in rows.values() if doc.is_open}
    return PreviewView(
        looked_at=len(asked),
        members=len(would),
        joins=[UUID(name) for name in sorted(would - stand)],
        leaves=[UUID(name) for name in sorted(stand - would)],
        next_cursor=encode_mark(names[-1]) if len(names) == limit else None,
    )


def next_names(
    connection: sa.Connection, generation: int, workspace: str, after: str, limit: int
) -> list[str]:
    """The next names that facts are kept under; some of them are no records."""
    query = (
        sa.select(KEPT.c.entity)
        .distinct()
        .where(
            KEPT.c.generation == generation,
            KEPT.c.fold == Members.name,
            KEPT.c.workspace == workspace,
            KEPT.c.entity > after,
        )
        .order_by(KEPT.c.entity)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())
