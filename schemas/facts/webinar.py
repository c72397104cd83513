"""Webinars, and any event with registrants, online or on site."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Addr, Code, SealedMap, Timestamp
from schemas.payload import Payload


class WebinarPayload(Payload):
    """Who, at which event."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "mode"}

    webinar_id: Code
    mode: Literal["online", "onsite"]
    registrant_id: Code
    answers: SealedMap | None = None
    address: Addr | None = None


@event("webinar.registered", "webinar.canceled", origin=Topic.FACTS)
class WebinarRegistration(WebinarPayload):
    """A person put their name down, or took it off."""


@event("webinar.attended", origin=Topic.FACTS)
class WebinarAttended(WebinarPayload):
    """A registrant, or a walk-in, came."""

    joined_at: Timestamp


@event("webinar.left", origin=Topic.FACTS)
class WebinarLeft(WebinarPayload):
    """A registrant left after so many minutes."""

    minutes: Annotated[int, Field(ge=0, le=10_000_000)]
