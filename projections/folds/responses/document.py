"""A campaign response as the read models hold it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from projections.folds.identity import is_record
from schemas.documents import Conversion
from schemas.fields import Model


class ResponseDoc(Model):
    """A response: what was captured, what people made of it. Times are instants, 0 for never."""

    response_id: UUID
    entity: str
    campaign_id: UUID
    activity_id: str = ""
    message_id: str = ""
    subject: str
    cluster: str
    type: str
    channel: str
    source: str
    source_event_ids: tuple[UUID, ...] = ()
    rule_id: UUID | None = None
    rule_version: int | None = None
    visitor_id: UUID | None = None
    batch_id: UUID | None = None
    import_no: int | None = None
    contact: dict[str, Any] = Field(default_factory=dict)
    country: str = ""
    region: str = ""
    occurred_at: int
    precision: str
    recorded_at: int
    test: bool = False
    adopted: bool = False
    status: str = "new"
    version: int = 0
    code: str = ""
    classified_by: str = ""
    classified_at: int = 0
    owner_id: UUID | None = None
    priority: int | None = None
    close_by: str = ""
    category: str = ""
    description: dict[str, Any] | None = None
    reviewed_at: int = 0
    canceled_at: int = 0
    routed_to: str = ""
    routed_at: int = 0
    followup_at: int = 0
    duplicate_of: UUID | None = None
    conversions: tuple[Conversion, ...] = ()
    lead_at: int = 0
    opportunity_at: int = 0
    other_at: int = 0

    @property
    def customer(self) -> UUID | None:
        """The record behind the response; an address, a browser or a lone event is none."""
        anonymous = {str(name) for name in (self.visitor_id, *self.source_event_ids)}
        known = is_record(self.cluster) and self.cluster not in anonymous
        return UUID(self.cluster) if known else None
