"""Events under a name of the sender's own."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Name
from schemas.payload import Payload


@event("event.tracked", origin=Topic.FACTS)
class EventTracked(Payload):
    """What the sender finds worth knowing; a type without a catalogue entry arrives as this."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "name"}

    name: Name
    properties: dict[str, Any] = Field(default_factory=dict)
    visitor_id: UUID | None = None
