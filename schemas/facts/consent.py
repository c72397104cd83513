"""The ledger of what a person allows."""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import AddrHash, Code
from schemas.payload import Payload

Channel = Literal[
    "all", "email", "phone", "fax", "letter", "sms", "push", "web_form", "social", "chat"
]


@event("consent.granted", "consent.withdrawn", origin=(Topic.FACTS, Topic.DECISIONS))
class ConsentEntry(Payload):
    """One entry; nothing is ever deleted, and to subscribe again is a new entry."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "channel"}

    channel: Channel
    purpose: Code
    address: AddrHash
    source: Code
    evidence: dict[str, Any] = Field(default_factory=dict)
    basis: Code | None = None
    message_id: UUID | None = None
