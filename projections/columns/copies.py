"""Column copies of row folds: what the row store wrote, shipped to the column store as versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from events.sql.bulk import Row, insert_rows
from projections.columns.arrow import to_table
from projections.folds.campaigns import ActivityDoc, CampaignDoc
from projections.folds.entries import EntryDoc
from projections.folds.identity import ClusterDoc
from projections.folds.responses.document import ResponseDoc
from projections.folds.sales import LeadDoc, OpportunityDoc
from projections.stores.rows import COPY
from projections.stores.tables import COPY_COLUMNS
from projections.turns import take_turn
from schemas.fields import Model


@dataclass(frozen=True, slots=True)
class Copy:
    """One version of a row: ``seq`` orders versions, ``doc`` is the row's document."""

    seq: int
    table: str
    workspace: str
    id: str
    doc: Model
    deleted: bool


DOCUMENTS: dict[str, type[Model]] = {
    "campaign": CampaignDoc,
    "activity": ActivityDoc,
    "entry": EntryDoc,
    "cluster": ClusterDoc,
    "response": ResponseDoc,
    "lead": LeadDoc,
    "opportunity": OpportunityDoc,
}
"""By table, what its documents are: those that the column store has copies of."""


def put_copies(connection: sa.Connection, generation: int, rows: Sequence[Row]) -> None:
    """Put versions behind those that wait; last in a transaction, since others wait for its end.

    Numbers are drawn in turn: a smaller one that were committed later would be passed over.
    """
    if rows:
        take_turn(connection, "copies", generation, [""])
        insert_rows(connection, COPY, rows, "refuse")


def copies_after(
    connection: sa.Connection, generation: int, after: int, limit: int, until: int | None = None
) -> list[Copy]:
    """The next versions to ship, in their order."""
    bounds = [COPY.c.generation == generation, COPY.c.seq > after]
    if until is not None:
        bounds.append(COPY.c.seq <= until)
    rows = connection.execute(sa.select(COPY).where(*bounds).order_by(COPY.c.seq).limit(limit))
    return [
        Copy(row.seq, row.name, row.workspace, row.id,
             DOCUMENTS[row.name].model_validate_json(row.doc), row.deleted)
        for row in rows
    ]  # fmt: skip


def forget_copies(connection: sa.Connection, generation: int, until: int) -> None:
    """Drop versions that have been shipped."""
    connection.execute(COPY.delete().where(COPY.c.generation == generation, COPY.c.seq <= until))


def copy_tables(copies: Sequence[Copy], generation: int) -> dict[str, pa.Table]:
    """The versions as rows of the column store, by table."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for copy in copies:
        row = {
            "generation": generation,
            "workspace": copy.workspace,
            "id": copy.id,
            "version": copy.seq,
            "deleted": copy.deleted,
            **_ROWS[copy.table](copy.doc),
        }
        grouped.setdefault(copy.table, []).append(row)
    return {name: to_table(COPY_COLUMNS[name], rows) for name, rows in grouped.items()}


def _campaign(doc: Any) -> dict[str, Any]:
    goal = doc.goal_event.model_dump_json() if doc.goal_event else ""
    return {
        **_same(doc, "code", "name", "kind", "status", "goal", "goal_months", "goal_days",
                "goal_seconds", "expected_response"),
        "goal_event": goal,
        "expected_revenue": _amount(doc.expected_revenue),
        "budget": _amount(doc.budget),
        "misc_cost": _amount(doc.misc_cost),
    }  # fmt: skip


def _activity(doc: Any) -> dict[str, Any]:
    return {
        **_same(doc, "subject", "channel", "pinned_batch", "audience_size", "content_version_id"),
        "campaign_id": str(doc.campaign_id),
        "cost": _amount(doc.cost),
    }


def _entry(doc: Any) -> dict[str, Any]:
    own = _same(doc, "registry", "entry_id", "campaign_id", "activity_id", "name")
    return {**own, "links": list(doc.links)}


def _cluster(doc: Any) -> dict[str, Any]:
    return _same(doc, "subject", "since", "cluster")


def _response(doc: Any) -> dict[str, Any]:
    return {
        **_same(doc, "activity_id", "message_id", "cluster", "type", "channel", "status",
                "source", "code", "classified_at", "country", "region", "occurred_at",
                "precision", "recorded_at", "reviewed_at", "canceled_at", "routed_to",
                "routed_at", "followup_at", "lead_at", "opportunity_at", "other_at", "adopted",
                "test"),
        "campaign_id": str(doc.campaign_id),
        "person": doc.entity,
        "duplicate_of": str(doc.duplicate_of or ""),
    }  # fmt: skip


def _lead(doc: Any) -> dict[str, Any]:
    return _same(doc, "campaign_id", "response_id", "status", "created_at", "contacted_at")


def _opportunity(doc: Any) -> dict[str, Any]:
    own = _same(doc, "campaign_id", "response_id", "lead_id", "state", "won_at")
    return {**own, "won_value": _amount(doc.won_value)}


_ROWS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "campaign": _campaign,
    "activity": _activity,
    "entry": _entry,
    "cluster": _cluster,
    "response": _response,
    "lead": _lead,
    "opportunity": _opportunity,
}


def _same(doc: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(doc, name) for name in names}


def _amount(value: Any) -> str | None:
    return None if value is None else str(value)
