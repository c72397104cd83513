"""Who is on some lists at one moment: whom an activity is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from projections.folds.members.document import MemberDoc
from projections.progress import cursor_of, logical_time_of
from projections.reading.membership import Rulebook
from projections.rows_sink import NAME as ROWS
from projections.stores.rows import MEMBER
from schemas.audiences import AudienceView
from schemas.decisions.activity import DistributedList
from schemas.documents import AudiencePart


def audience_of(
    connection: sa.Connection, generation: int, workspace: str, lists: Sequence[UUID],
    rulebook: Rulebook, as_of: int | None = None,
) -> AudienceView:  # fmt: skip
    """Everybody on some lists by now, or as of a moment; who is on several stands with the first of
    them.
    """
    known_at = cursor_of(connection, ROWS, generation).encode()
    now = logical_time_of(connection, ROWS, generation)
    versions = rulebook.in_force(workspace, now).versions
    seen: set[UUID] = set()
    parts = []
    for list_id in lists:
        kind, found = _on_list(connection, generation, workspace, list_id, as_of)
        fresh = tuple(member for member in found if member not in seen)
        seen.update(fresh)
        if fresh:
            parts.append(AudiencePart.model_construct(list_id=list_id, kind=kind, members=fresh))
    pinned = tuple(
        DistributedList(
            list_id=one, known_at=known_at, version=versions[one].version if one in versions else 0
        )
        for one in lists
    )
    return AudienceView(known_at=known_at, lists=pinned, parts=tuple(parts))


def _on_list(
    connection: sa.Connection, generation: int, workspace: str, list_id: UUID, as_of: int | None
) -> tuple[Any, list[UUID]]:
    """What a list takes, and its members; a list takes records of one kind only."""
    mine = [
        MEMBER.c.generation == generation,
        MEMBER.c.workspace == workspace,
        MEMBER.c.list_id == str(list_id),
    ]
    if as_of is None:
        mine.append(MEMBER.c.is_open == 1)
    first = connection.execute(sa.select(MEMBER.c.doc).where(*mine).limit(1)).scalar_one_or_none()
    if first is None:
        return "", []
    kind = MemberDoc.model_validate_json(first).kind
    ordered = sa.select(MEMBER.c.id, MEMBER.c.doc).where(*mine).order_by(MEMBER.c.id)
    if as_of is None:  # the rows are all that is asked for: what is in them need not be read
        names = connection.execute(ordered.with_only_columns(MEMBER.c.id)).scalars()
        return kind, [UUID(name.rpartition(":")[2]) for name in names]
    docs = (MemberDoc.model_validate_json(doc) for _, doc in connection.execute(ordered))
    return kind, [doc.member for doc in docs if doc.is_member(as_of)]
