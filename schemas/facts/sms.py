"""Text messages, and push messages with the same life."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Addr, Code, SealedText, StoredAddress
from schemas.payload import AddressedMessagePayload, MessagePayload, Payload

Keyword = Literal["stop", "start", "help", "campaign", "none"]


@event("sms.sent", "push.sent", origin=Topic.FACTS)
class ShortMessageSent(MessagePayload):
    """The provider took the message."""

    message_id: UUID
    activity_id: UUID
    content_version_id: UUID
    provider: Code
    provider_message_id: Code
    address: Addr | None = None


@event("sms.delivered", "sms.read", "push.opened", origin=Topic.FACTS)
class ShortMessageReached(AddressedMessagePayload):
    """The message reached the device, or its reader."""


@event("sms.failed", "push.failed", origin=Topic.FACTS)
class ShortMessageFailed(AddressedMessagePayload):
    """The message will not arrive."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "code"}

    code: Code


@event("sms.received", origin=Topic.FACTS)
class SmsReceived(Payload):
    """A person texted one of our numbers. The text is sealed; ``campaign_keyword`` is in clear."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "keyword"}

    provider_message_id: Code
    sender: Addr = Field(alias="from")
    to: Code
    text: SealedText
    keyword: Keyword
    campaign_keyword: Code | None = None
    message_id: UUID | None = None

    def person_address(self) -> str | StoredAddress | None:
        return self.sender
