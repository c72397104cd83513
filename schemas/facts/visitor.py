"""Who an anonymous visitor turned out to be."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Ref
from schemas.payload import Payload


@event("visitor.identified", origin=Topic.FACTS)
class VisitorIdentified(Payload):
    """From this moment, and back to the first hit, the visitor is this person (R30)."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "evidence"}

    visitor_id: UUID
    subject: Ref
    evidence: Literal["form", "token", "login", "import"]
    confidence: Annotated[Decimal, Field(ge=0, le=1)]

    def person_id(self) -> UUID | None:
        return self.visitor_id
