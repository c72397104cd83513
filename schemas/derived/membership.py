"""Who came to a dynamic list and who left it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Code, Ref, Timestamp
from schemas.payload import Payload


@event("list.member_joined", "list.member_left", origin=Topic.DERIVED)
class MembershipChanged(Payload):
    """From an instant of data time on a record is a member, or no longer.

    The cause is an event or, where a window ended, the timer; the clause is a place in the rule.
    """

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "cause_clause"}

    list_id: UUID
    definition_version: int
    member: Ref
    cause_event_id: UUID
    cause_clause: Code
    valid_from: Timestamp | None = None
    valid_to: Timestamp | None = None


@event("list.membership_corrected", origin=Topic.DERIVED)
class MembershipCorrected(Payload):
    """What came late, or a changed rule, changed what had been told before."""

    list_id: UUID
    definition_version: int
    member: Ref
    cause_event_id: UUID
    old: list[dict[str, Any]] = Field(default_factory=list)
    new: list[dict[str, Any]] = Field(default_factory=list)
