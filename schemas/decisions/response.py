"""What people decide about campaign responses."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.channels import Channel
from schemas.fields import Addr, Code, Model, Ref, SealedText, Text, Timestamp, Whole
from schemas.instants import Precision
from schemas.payload import Payload

ResponseCode = Literal[
    "interested", "not_interested", "do_not_send", "error", "question", "complaint",
    "auto_reply", "out_of_office",
]  # fmt: skip
ResponseType = Literal[
    "form", "reply", "click", "call", "sms", "attendance", "registration", "share", "visit",
    "redemption", "letter", "fax", "appointment", "chat", "other",
]  # fmt: skip

ImportedStatus = Literal["new", "reviewed", "closed", "canceled"]
"""Converted is missing: that means a sales record stands, and an import brings none with it."""


@event(
    "response.captured",
    origin=(Topic.FACTS, Topic.DECISIONS, Topic.DERIVED), stream="response",
)  # fmt: skip
class ResponseCaptured(Payload):
    """A reaction became a campaign response: by rule, by hand, or by import."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "type"}

    response_id: UUID
    campaign_id: UUID
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    type: ResponseType
    channel: Channel
    source: Literal["manual", "api", "import", "matcher", "rule"]
    source_event_ids: tuple[UUID, ...] = ()
    activity_id: UUID | None = None
    customer: Ref | None = None
    visitor_id: UUID | None = None
    first_name: SealedText | None = None
    last_name: SealedText | None = None
    company_name: SealedText | None = None
    email: Addr | None = None
    telephone: Addr | None = None
    fax: Addr | None = None
    description: SealedText | None = None
    code: ResponseCode | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    rule_id: UUID | None = None
    rule_version: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    received_at: Timestamp | None = None
    precision: Precision | None = None
    # What only imports tell: where the response stood elsewhere, and which import brought it.
    status: ImportedStatus | None = None
    classified_by: Code | None = None
    import_no: Whole | None = None

    def person_address(self) -> Any:
        return self.email or self.telephone or self.fax

    def person_id(self) -> UUID | None:
        return self.customer.id if self.customer else None


@event(
    "response.reviewed", "response.closed", "response.canceled", "response.reopened",
    origin=Topic.DECISIONS, stream="response",
)  # fmt: skip
class ResponseMoved(Payload):
    """A response went on: looked at, closed, canceled, opened again."""

    response_id: UUID
    reason: Annotated[str, Field(max_length=200)] = ""
    duplicate_of: UUID | None = None


@event("response.assigned", origin=Topic.DECISIONS, stream="response")
class ResponseAssigned(Payload):
    """A response got an owner."""

    response_id: UUID
    owner_id: UUID


@event("response.classified", origin=(Topic.DECISIONS, Topic.DERIVED), stream="response")
class ResponseClassified(Payload):
    """What the person meant."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "code"}

    response_id: UUID
    code: ResponseCode
    classified_by: Code


class ResponseCorrections(Model):
    """The fields of a response that a person may set anew."""

    subject: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    type: ResponseType | None = None
    channel: Channel | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    region: Code | None = None
    priority: Annotated[int, Field(ge=0, le=2)] | None = None
    close_by: Timestamp | None = None
    category: Code | None = None
    description: SealedText | None = None


@event("response.corrected", origin=Topic.DECISIONS, stream="response")
class ResponseCorrected(Payload):
    """A person set some of a response's fields anew."""

    response_id: UUID
    changes: ResponseCorrections


@event("response.routed", origin=Topic.DECISIONS, stream="response")
class ResponseRouted(Payload):
    """A response was handed over to a department."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "target"}

    response_id: UUID
    target: Code
    rule_id: UUID | None = None
    owner_id: UUID | None = None


ConversionKind = Literal["lead", "existing_lead", "opportunity", "order", "quote", "case"]


@event("response.converted", origin=Topic.DECISIONS, stream="response")
class ResponseConverted(Payload):
    """A response led to a sales record, or to a case."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "kind"}

    response_id: UUID
    target: Ref
    kind: ConversionKind
    ordinal: Annotated[int, Field(ge=0, lt=2**31)]
    matched: bool
    evidence: dict[str, Any] = Field(default_factory=dict)


@event("conversion.reversed", origin=Topic.DECISIONS, stream="response")
class ConversionReversed(Payload):
    """A conversion was taken back."""

    response_id: UUID
    target: Ref
    reason: Text


@event("followup.recorded", origin=Topic.DECISIONS, stream="response")
class FollowupRecorded(Payload):
    """Someone got back to the person."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "medium"}

    response_id: UUID | None = None
    lead_id: UUID | None = None
    medium: Literal["call", "email", "visit", "other"]
    at: Timestamp | None = None
