"""Who a list would have by another version of its rule, a part of all records at a time."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from projections.folds.members.document import MemberDoc
from projections.folds.members.intervals import intervals_of
from projections.folds.members.rules import read_rule
from projections.progress import logical_time_of
from projections.reading.marks import encode_mark, read_mark
from projections.reading.membership import Rulebook, span_at
from projections.reading.previewing import next_names
from projections.reading.records import Records
from projections.rows_sink import NAME as ROWS
from projections.rules.timelines import member_when
from schemas.errors import NotFound
from schemas.views import MemberView, Rows


def members_by(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID, number: int,
    rulebook: Rulebook, as_of: int | None, after: str | None, limit: int,
) -> Rows[MemberView]:  # fmt: skip
    """The members among the next so many records; a page may have none, and others follow.

    Raises ``NotFound`` where the rule has no such version.
    """
    version = rulebook.version(workspace, list_id, number)
    rule = read_rule(version) if version is not None else None
    if version is None or rule is None:
        raise NotFound(f"The list's rule has no version {number} that can be read.")
    now = logical_time_of(connection, ROWS, generation)
    lists = rulebook.in_force(workspace, now)
    by_then = replace(
        lists,
        rules={**lists.rules, list_id: rule},
        versions={**lists.versions, list_id: version},
    )
    mark = read_mark(after, str)[0] if after is not None else ""
    names = next_names(connection, generation, workspace, mark, limit)
    records = Records(connection, generation, workspace, lists.reads | rule.reads)
    records.read(names)
    found: list[MemberView] = []
    for name in names:
        history = records.history(name)
        if history is None or records.kind(name) != rule.member:
            continue
        when = member_when(rule, history, by_then.rules)
        if when.at(now if as_of is None else as_of):
            spans = intervals_of(when, by_then, list_id, history, records.times(name), now)
            doc = MemberDoc(
                list_id=list_id, member=UUID(name), kind=rule.member, version=version.version,
                intervals=tuple(spans),
            )  # fmt: skip
            found.append(span_at(doc, as_of))
    more = encode_mark(names[-1]) if len(names) == limit else None
    return Rows(data=found, next_cursor=more)
