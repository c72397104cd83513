"""Telephone calls in both directions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import Topic, event
from schemas.fields import Addr, Code, Line, StoredAddress
from schemas.payload import MessagePayload


class CallPayload(MessagePayload):
    """What every notice about a call says. The person is the far end of it."""

    MESSAGE_REQUIRED: ClassVar[bool] = False

    call_id: Code
    direction: Literal["in", "out"]
    caller: Addr = Field(alias="from")
    callee: Addr = Field(alias="to")
    tracking_number: Code | None = None
    line: Line = "unknown"
    activity_id: UUID | None = None

    def person_address(self) -> str | StoredAddress | None:
        return self.caller if self.direction == "in" else self.callee


@event("call.started", "call.answered", "call.voicemail_left", "call.failed", origin=Topic.FACTS)
class CallNoted(CallPayload):
    """A call rang, was answered, went to voice mail, or could not be made."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "direction"}


@event("call.missed", origin=Topic.FACTS)
class CallMissed(CallPayload):
    """Nobody took the call."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "direction"}

    cause: Code


@event("call.completed", origin=Topic.FACTS)
class CallCompleted(CallPayload):
    """People spoke. ``attempts`` is how many calls this event stands for, itself included."""

    JOURNAL: ClassVar[dict[str, str]] = {"reason": "direction"}

    duration_s: Annotated[int, Field(ge=0, le=10_000_000)]
    attempts: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    outcome: Code | None = None
