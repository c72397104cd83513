"""Who, or what, was behind an interaction."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from schemas.catalogue import Topic, event
from schemas.payload import Payload

Verdict = Literal["human", "machine", "privacy_proxy", "unknown"]


@event("interaction.judged", origin=Topic.DERIVED)
class InteractionJudged(Payload):
    """A verdict on one hit; a changed verdict is a new event with the next ``ordinal`` (R13)."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "verdict"}

    event_id: UUID
    event_type: str
    classifier_version: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    ordinal: int = 0
