"""Two different contents under one id."""

from __future__ import annotations

from uuid import UUID

from schemas.catalogue import Topic, event
from schemas.payload import Payload


@event("fact.conflicted", origin=Topic.DERIVED)
class FactConflicted(Payload):
    """A second copy of a fact said something else; the first stands (R5)."""

    first_event_id: UUID
    difference: str
