"""Forms: seen, sent, turned away, confirmed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.facts.page import Utm
from schemas.fields import Addr, Code, Hit, Model, SealedMap, Url
from schemas.payload import Payload

Stay = Annotated[Decimal, Field(ge=0, le=10_000_000, max_digits=12)]


@event("form.visited", origin=Topic.FACTS)
class FormVisited(Payload):
    """A visitor saw a form."""

    form_id: UUID
    visitor_id: UUID | None = None
    url: Url
    hit: Hit


@event("form.submitted", origin=Topic.FACTS)
class FormSubmitted(Payload):
    """A visitor sent a form. ``address`` is the e-mail field's value, for matching."""

    form_id: UUID
    visitor_id: UUID | None = None
    url: Url
    hit: Hit
    submission_id: Code
    fields: SealedMap
    address: Addr | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    utm: Utm = Field(default_factory=dict)
    share_id: UUID | None = None
    seconds_on_form: Stay | None = None


@event("form.rejected", origin=Topic.FACTS)
class FormRejected(Payload):
    """A submission that looks like a machine's, kept so that a person may still accept it."""

    form_id: UUID
    submission_id: Code
    reason: Literal["honeypot", "too_fast", "rate", "invalid"]
    fields: SealedMap | None = None
    visitor_id: UUID | None = None
    url: Url | None = None
    hit: Hit | None = None
    utm: Utm | None = None
    share_id: UUID | None = None
    seconds_on_form: Stay | None = None


class ConsentProof(Model):
    """What a confirmation can be proved by, beside its form and its time."""

    text_version: Code
    ip: str = ""
    token_id: Code


@event("form.confirmation_sent", "form.confirmed", origin=Topic.FACTS)
class FormConfirmation(Payload):
    """Double opt-in: the question was sent, or answered with yes.

    ``submission`` names the submission where its own id is not known: a token carries no more. It
    keys the event, so that key and id follow from the token alone.
    """

    form_id: UUID
    submission_id: Code
    submission: UUID | None = None
    proof: ConsentProof | None = None

    def person_id(self) -> UUID | None:
        return self.submission
