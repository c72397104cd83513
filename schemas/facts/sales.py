"""Leads and opportunities, told by a sales system or decided here."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Money, Ref
from schemas.payload import Payload

BOTH = (Topic.FACTS, Topic.DECISIONS)


@event(
    "lead.created", "lead.changed", "lead.assigned", "lead.contacted", "lead.disqualified",
    "lead.reopened", origin=BOTH,
)  # fmt: skip
class LeadNoted(Payload):
    """A step in a lead's life."""

    lead_id: UUID
    status: Annotated[int, Field(ge=1, le=7)]
    response_id: UUID | None = None
    campaign_id: UUID | None = None
    customer: Ref | None = None
    changes: dict[str, Any] = Field(default_factory=dict)

    def person_id(self) -> UUID | None:
        return self.customer.id if self.customer else self.lead_id


@event("lead.qualified", origin=BOTH)
class LeadQualified(LeadNoted):
    """A lead became a customer, perhaps with an opportunity."""

    account_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None


@event(
    "opportunity.created", "opportunity.changed", "opportunity.lost", "opportunity.reopened",
    "quote.created", origin=BOTH,
)  # fmt: skip
class OpportunityNoted(Payload):
    """A step in the life of a possible sale."""

    opportunity_id: UUID
    customer: Ref
    lead_id: UUID | None = None
    campaign_id: UUID | None = None
    response_id: UUID | None = None
    estimated_value: Money | None = None

    def person_id(self) -> UUID | None:
        return self.customer.id


@event("opportunity.won", origin=BOTH)
class OpportunityWon(OpportunityNoted):
    """The sale was made."""

    JOURNAL: ClassVar[dict[str, str]] = {"money": "actual_value"}

    actual_value: Money
