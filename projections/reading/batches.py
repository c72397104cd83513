"""Batches of facts: what came with them, and what had left the house because of them (R31)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from projections.past.building import Stores
from projections.stores.tables import EVER_JOURNALED, UNDONE_ID, latest_copy
from schemas.batches import BatchEffects, BatchView
from schemas.decisions.batch import MOST_EFFECTS
from schemas.errors import NotFound
from schemas.fields import Ref
from schemas.instants import to_datetime

_FACTS = f"{EVER_JOURNALED} WHERE workspace = {{workspace:String}} AND log_topic = 'facts'"
_SUMS = f"""
SELECT batch, sumMap(map(type, count)) AS facts, groupUniqArrayArray(some) AS producers,
    min(least) AS first, max(greatest) AS last,
    batch IN (SELECT toString({UNDONE_ID}) FROM journal
        WHERE workspace = {{workspace:String}} AND type = 'batch.undone') AS is_undone
FROM (SELECT toString(batch_id) AS batch, type, count() AS count,
        groupUniqArray(producer) AS some,
        min(toUnixTimestamp64Milli(recorded_at)) AS least,
        max(toUnixTimestamp64Milli(recorded_at)) AS greatest
    FROM {_FACTS} AND batch_id != toUUID('{UUID(int=0)}') AND %s GROUP BY batch, type)
GROUP BY batch ORDER BY last DESC, batch LIMIT {{limit:UInt32}}"""
_OF_BATCH = "workspace = {workspace:String} AND batch_id = toUUID({batch:String})"
# Responses that came with it, or were made of its facts.
_CAPTURED = (
    f"{EVER_JOURNALED} WHERE workspace = {{workspace:String}} AND type = 'response.captured'"
)
_RESPONSES = (
    f"SELECT object_id FROM {_CAPTURED} AND batch_id = toUUID({{batch:String}}) "
    "UNION ALL SELECT object_id FROM (SELECT object_id, arrayJoin(JSONExtract("
    f"data, 'source_event_ids', 'Array(String)')) AS source FROM {_CAPTURED}) "
    f"WHERE toUUID(source) IN (SELECT event_id FROM {EVER_JOURNALED} "
    f"WHERE {_OF_BATCH} AND log_topic = 'facts')"
)
_PEOPLE = (
    f"SELECT person FROM {EVER_JOURNALED} WHERE {_OF_BATCH} AND log_topic = 'facts' "
    "AND type IN ('contact.created', 'lead.created', 'account.created')"
)
_EFFECTS = f"""
SELECT kind, id FROM (
    SELECT 'lead' AS kind, id FROM {latest_copy("lead")} WHERE response_id IN ({_RESPONSES})
    UNION ALL SELECT 'opportunity' AS kind, id FROM {latest_copy("opportunity")}
        WHERE response_id IN ({_RESPONSES})
    UNION ALL SELECT 'message' AS kind, message_id AS id FROM journal
        WHERE workspace = {{workspace:String}} AND type = 'message.prepared'
        AND person IN ({_PEOPLE}))
GROUP BY kind, id ORDER BY kind, id"""
_PREPARED = (
    f"SELECT count() AS messages FROM journal WHERE {_OF_BATCH} AND type = 'message.prepared'"
)


def batch_of(at: Stores, workspace: str, batch: UUID) -> BatchView:
    """One batch. Raises ``NotFound`` where no fact came with it."""
    here: dict[str, str | int] = {"workspace": workspace, "batch": str(batch), "limit": 1}
    found = at.columns.query(_SUMS % "batch_id = toUUID({batch:String})", here).to_pylist()
    if not found:
        raise NotFound("No fact of this batch is stored in this workspace.")
    return _view(found[0])


def newest_batches(at: Stores, workspace: str, limit: int) -> list[BatchView]:
    """The batches whose facts came last, the newest first."""
    here: dict[str, str | int] = {"workspace": workspace, "limit": limit}
    return [_view(row) for row in at.columns.query(_SUMS % "1", here).to_pylist()]


def effects_of(at: Stores, workspace: str, batch: UUID) -> BatchEffects:
    """What cannot be taken back: sales records, and messages to people who came with it."""
    here: dict[str, str | int] = {
        "workspace": workspace, "batch": str(batch), "generation": at.generation,
    }  # fmt: skip
    found = at.columns.query(_EFFECTS, here).to_pylist()
    prepared = at.columns.query(_PREPARED, here).to_pylist()[0]["messages"]
    refs = [Ref(kind=row["kind"], id=UUID(row["id"])) for row in found[:MOST_EFFECTS]]
    return BatchEffects(refs=refs, count=len(found), prepared=bool(prepared))


def _view(row: dict[str, Any]) -> BatchView:
    return BatchView(
        batch_id=UUID(row["batch"]),
        facts=dict(row["facts"]),
        producers=sorted(row["producers"]),
        first_recorded_at=to_datetime(row["first"]),
        last_recorded_at=to_datetime(row["last"]),
        is_undone=bool(row["is_undone"]),
    )
