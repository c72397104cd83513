"""Single events: what came with them, as long as that is kept."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from schemas.errors import NotFound
from services.api.call import Administering
from services.collector.raw import RawBody, read_raw

router = APIRouter(prefix="/events", tags=["events"])


@router.get("/{event_id}/raw", response_model=RawBody)
def read_raw_body(event_id: UUID, call: Administering) -> RawBody:
    """The request that an event came with, for admin keys."""
    found = read_raw(call.parts, call.workspace, event_id)
    if found is None:
        raise NotFound("No raw body is kept for this event: it never was, or its days are over.")
    return found
