"""What a provider or a page sent that no type of ours could be made of."""

from __future__ import annotations

from schemas.catalogue import Topic, event
from schemas.fields import Code, SealedText
from schemas.payload import Payload


@event("provider.event_unrecognized", origin=Topic.FACTS)
class EventUnrecognized(Payload):
    """Kept whole and sealed, since its door may not refuse content."""

    provider: Code
    raw: SealedText
    reason: Code | None = None
