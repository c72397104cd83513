"""What is decided about batches of facts: an import, or whatever a source sent as one (R31)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.catalogue import KeyRule, Topic, event
from schemas.fields import Ref
from schemas.payload import Payload

MOST_EFFECTS = 1000
MOST_REASON = 500


@event("batch.undone", origin=Topic.DECISIONS, key=KeyRule.WORKSPACE, stream="batch")
class BatchUndone(Payload):
    """The facts of a batch count no more from now on, whenever they come.

    ``effects`` is what had left the house because of them, the first ones of ``effect_count``:
    nobody takes a sent message back, or a lead that somebody called.
    """

    batch_id: UUID
    reason: Annotated[str, Field(min_length=1, max_length=MOST_REASON)]
    fact_count: Annotated[int, Field(ge=1)]
    effects: Annotated[tuple[Ref, ...], Field(max_length=MOST_EFFECTS)] = ()
    effect_count: Annotated[int, Field(ge=0)] = 0
