"""People and companies, as their own systems tell of them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Addr, Changes, Money, SealedText, Whole
from schemas.payload import Payload

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
BOTH = (Topic.FACTS, Topic.DECISIONS)


class ContactChanges(Changes):
    """The values of a contact that changed."""

    first_name: SealedText | None = None
    last_name: SealedText | None = None
    email: Annotated[tuple[Addr, ...], Field(max_length=3)] | None = None
    telephone: Addr | None = None
    mobile: Addr | None = None
    fax: Addr | None = None
    account_id: UUID | None = None
    city: str | None = None
    region: str | None = None
    country: Country | None = None
    state: Whole | None = None
    preferred_channel: Whole | None = None
    attributes: dict[str, Any] | None = None


@event("contact.created", "contact.changed", origin=BOTH)
class ContactTold(Payload):
    """A contact came into being, or changed."""

    id: UUID
    changes: ContactChanges = Field(default_factory=ContactChanges)
    reference_version: Whole | None = None

    def person_id(self) -> UUID | None:
        return self.id


class AccountChanges(Changes):
    """The values of a company that changed."""

    name: str | None = None
    number: str | None = None
    industry: Whole | None = None
    employees: Whole | None = None
    annual_revenue: Money | None = None
    state: Whole | None = None
    primary_contact_id: UUID | None = None
    city: str | None = None
    region: str | None = None
    country: Country | None = None
    attributes: dict[str, Any] | None = None


@event("account.created", "account.changed", origin=BOTH)
class AccountTold(Payload):
    """A company came into being, or changed."""

    id: UUID
    changes: AccountChanges = Field(default_factory=AccountChanges)
    reference_version: Whole | None = None

    def person_id(self) -> UUID | None:
        return self.id
