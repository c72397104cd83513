"""Prepared messages of which nobody has told that they went out."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from projections.columns.arrow import names_table
from projections.past.building import Stores
from schemas.audiences import UnsentView

_SQL = """
SELECT message_id, activity_id, person FROM message_row FINAL
WHERE generation = {generation:UInt32} AND workspace = {workspace:String} AND state = 'pending'
    AND prepared_at > 0 AND NOT test
    AND (prepared_at <= {before:Int64} OR activity_id IN (SELECT name FROM $given))
ORDER BY message_id LIMIT {limit:UInt32}"""


def unsent(
    at: Stores, workspace: str, before: int, canceled: Collection[UUID], limit: int
) -> list[UnsentView]:
    """Some that were prepared up to an instant, or are of one of these activities."""
    rows = at.columns.query(
        _SQL,
        {
            "workspace": workspace,
            "generation": at.generation,
            "before": before,
            "limit": limit,
        },
        names_table(name=sorted(map(str, canceled))),
    ).to_pylist()
    return [
        UnsentView(
            message_id=UUID(row["message_id"]),
            activity_id=UUID(row["activity_id"]),
            recipient=UUID(row["person"]),
        )
        for row in rows
    ]
