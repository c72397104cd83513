"""Pages seen, links followed outside messages, and documents downloaded."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Code, Hit, Url, Whole
from schemas.payload import Payload

Utm = Annotated[dict[str, Code], Field(max_length=16)]


@event("page.viewed", "link.clicked", origin=Topic.FACTS)
class PageViewed(Payload):
    """A visitor saw a page, or followed a link on one."""

    visitor_id: UUID
    url: Url
    referrer: Url | None = None
    utm: Utm = Field(default_factory=dict)
    share_id: UUID | None = None
    click_token: Code | None = None
    hit: Hit


@event("asset.downloaded", origin=Topic.FACTS)
class AssetDownloaded(Payload):
    """A visitor took a document."""

    literature_id: UUID
    document_version: Whole
    visitor_id: UUID | None = None
    hit: Hit
