"""What happens to an e-mail after it was handed over."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Addr, Code, Hit, LinkId, SealedText, Url
from schemas.payload import AddressedMessagePayload, MessagePayload

LinkKind = Literal["content", "unsubscribe", "preferences", "view_online", "honeypot"]


@event("email.sent", origin=Topic.FACTS)
class EmailSent(MessagePayload):
    """The provider took the mail."""

    message_id: UUID
    activity_id: UUID
    content_version_id: UUID
    provider: Code
    provider_message_id: Code
    address: Addr


@event("email.delivered", origin=Topic.FACTS)
class EmailDelivered(AddressedMessagePayload):
    """The recipient's server took the mail."""

    provider: Code


@event("email.deferred", origin=Topic.FACTS)
class EmailDeferred(AddressedMessagePayload):
    """The recipient's server asked to try again later."""

    code: Code


@event("email.rejected", origin=Topic.FACTS)
class EmailRejected(AddressedMessagePayload):
    """The provider refused to send the mail."""

    reason: Literal["invalid", "blocked", "spam", "unsubscribed", "timed_out", "other"]


@event("email.bounced", origin=Topic.FACTS)
class EmailBounced(AddressedMessagePayload):
    """The recipient's server refused the mail; ``final`` when no further try is made."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "class"}

    bounce_class: Literal["hard", "soft", "block"] = Field(alias="class")
    final: bool
    code: Code
    reason: Code


@event("email.opened", origin=Topic.FACTS)
class EmailOpened(AddressedMessagePayload):
    """Something fetched the mail's pixel."""

    hit: Hit


@event("email.clicked", "sms.clicked", "push.clicked", origin=Topic.FACTS)
class LinkInMessageClicked(AddressedMessagePayload):
    """Something followed a link of a message."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "link_kind"}

    link_id: LinkId
    link_group: Code | None = None
    link_kind: LinkKind
    url: Url
    hit: Hit


@event("email.replied", origin=Topic.FACTS)
class EmailReplied(AddressedMessagePayload):
    """A person answered a mail. ``provider_message_id`` is the reply's own; ``message_id`` ours."""

    MESSAGE_REQUIRED: ClassVar[bool] = False
    JOURNAL: ClassVar[dict[str, str]] = {"provider_message_id": "in_reply_to"}

    provider_message_id: Code
    in_reply_to: Code | None = None
    thread_id: Code
    text: SealedText


@event("email.autoresponded", origin=Topic.FACTS)
class EmailAutoresponded(AddressedMessagePayload):
    """A machine answered a mail for its owner."""

    MESSAGE_REQUIRED: ClassVar[bool] = False
    JOURNAL: ClassVar[dict[str, str]] = {"reason": "kind", "provider_message_id": "in_reply_to"}

    provider_message_id: Code
    in_reply_to: Code | None = None
    thread_id: Code
    text: SealedText
    kind: Literal["auto_reply", "out_of_office"]


@event("email.complained", "email.unsubscribed", "email.resubscribed", origin=Topic.FACTS)
class EmailPreference(AddressedMessagePayload):
    """A person complained about mail, or stopped or restarted it."""

    MESSAGE_REQUIRED: ClassVar[bool] = False
    JOURNAL: ClassVar[dict[str, str]] = {"reason": "via"}

    via: Literal["one_click", "page", "provider", "reply"]
    purpose: Code
