"""The entries of the small registries: what ``registry.changed`` carries, by registry."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field

from schemas.catalogue import Topic, load_all
from schemas.channels import Channel
from schemas.fields import Code, LinkId, Model, Name, Text


def checked_destination(url: str) -> str:
    """The URL, if it may be redirected to: http or https, a host, no user info, no control bytes.

    Raises ``ValueError``.
    """
    if any(ord(c) <= 32 or ord(c) == 127 for c in url) or "\\" in url:
        raise ValueError("A destination must not hold spaces, control characters or backslashes.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("A destination must be an absolute http or https address.")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ValueError("A destination must not hold user information.")
    return url


Destination = Annotated[str, Field(max_length=2048), AfterValidator(checked_destination)]
LinkKind = Literal["content", "unsubscribe", "preferences", "view_online", "honeypot"]


class LinkEntry(Model):
    """A tracked link; its number is drawn when it is registered."""

    number: LinkId
    url: Destination
    kind: LinkKind = "content"
    group: Code | None = None
    channel: Literal["email", "sms", "push"] = "email"
    label: Code | None = None
    utm: dict[str, Code] = Field(default_factory=dict)
    append_click_id: bool = False


class ContentVersionEntry(Model):
    """One version of a message's content, and the links in it."""

    content_version_id: UUID
    name: Name
    links: tuple[LinkId, ...] = ()


class FormField(Model):
    """One field of a form that a submission is checked against."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["text", "email", "telephone", "country"] = "text"
    required: bool = False
    max_length: Annotated[int, Field(ge=1, le=10_000)] = 1000


class FormEntry(Model):
    """A form on a landing page: where it belongs, where it leads, who may send it."""

    form_id: UUID
    name: Name
    campaign_id: UUID | None = None
    activity_id: UUID | None = None
    redirect_url: Destination
    origins: tuple[Code, ...] = ()
    fields: Annotated[tuple[FormField, ...], Field(max_length=100)] = ()
    honeypot: Annotated[str, Field(min_length=1, max_length=100)] = "website"
    double_opt_in: bool = False
    consent_text: Text | None = None
    consent_version: Code | None = None
    webinar_id: Code | None = None


def checked_fact(name: str) -> str:
    """The name of a type that doors take. Raises ``ValueError``."""
    known = load_all()
    if name not in known or Topic.FACTS not in known.newest(name).origins:
        raise ValueError("An event is mapped to a type of the catalogue that is a fact.")
    return name


FactName = Annotated[str, AfterValidator(checked_fact)]
EventName = Annotated[str, Field(min_length=1, max_length=200)]


class SourceEntry(Model):
    """Where calls come from: whose pages may send, and what their events are called here."""

    source_id: UUID
    name: Name
    kind: Annotated[str, Field(pattern="^[a-z_]{1,40}$")] = "landing_page"
    origins: tuple[Code, ...] = ()
    enabled: bool = True
    events: Annotated[dict[EventName, FactName], Field(max_length=200)] = Field(
        default_factory=dict
    )


class SenderEntry(Model):
    """Who hands messages over: they are pushed to its address, of these channels or of all."""

    sender_id: UUID
    name: Name
    url: Destination
    channels: Annotated[tuple[Channel, ...], Field(max_length=20)] = ()
    enabled: bool = True

    def takes(self, channel: str) -> bool:
        """Whether messages of a channel are pushed to it."""
        return not self.channels or channel in self.channels


class WebinarEntry(Model):
    """An event with registrants."""

    webinar_id: Code
    name: Name
    campaign_id: UUID | None = None


class TrackingNumberEntry(Model):
    """A telephone number that belongs to a campaign."""

    number: Code
    campaign_id: UUID


class KeywordEntry(Model):
    """An SMS keyword that belongs to a campaign; compared in lower case with the first word."""

    keyword: Annotated[str, Field(pattern="^[a-z0-9]{1,40}$")]
    campaign_id: UUID


class PromotionCodeEntry(Model):
    """A promotion code that belongs to a campaign."""

    code: Code
    campaign_id: UUID


class ShareEntry(Model):
    """A shared link that belongs to a campaign."""

    share_id: UUID
    campaign_id: UUID
    network: Code


ENTRIES: dict[str, type[Model]] = {
    "link": LinkEntry,
    "content_version": ContentVersionEntry,
    "form": FormEntry,
    "source": SourceEntry,
    "sender": SenderEntry,
    "webinar": WebinarEntry,
    "tracking_number": TrackingNumberEntry,
    "keyword": KeywordEntry,
    "promotion_code": PromotionCodeEntry,
    "share": ShareEntry,
}
ENTRY_ID = {
    "link": "number",
    "content_version": "content_version_id",
    "form": "form_id",
    "source": "source_id",
    "sender": "sender_id",
    "webinar": "webinar_id",
    "tracking_number": "number",
    "keyword": "keyword",
    "promotion_code": "code",
    "share": "share_id",
}
