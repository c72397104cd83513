"""What becomes of a captured response when its grounds change (R10)."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.payload import Payload

Cause = Literal["rejudged", "undone", "identity", "rule_changed"]


@event("response.retracted", origin=Topic.DERIVED, stream="response")
class ResponseRetracted(Payload):
    """The grounds of a response are gone, and nobody has decided on it."""

    response_id: UUID
    cause_event_id: UUID
    reason: Cause


@event("response.restated", origin=Topic.DERIVED, stream="response")
class ResponseRestated(Payload):
    """A response now rests on other grounds: the old and the new values."""

    response_id: UUID
    cause_event_id: UUID
    reason: Cause
    changes: dict[str, Any] = Field(default_factory=dict)
