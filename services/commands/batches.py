"""Batches of facts that are undone: they count no more from then on (R31)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from schemas.batches import BatchEffects, BatchView
from schemas.decisions.batch import BatchUndone
from schemas.documents import BatchDocument
from schemas.envelope import Stream
from schemas.errors import MoveRefused
from schemas.instants import Instant, to_datetime
from services.commands.commander import Change, Step

Decide = Callable[[BatchDocument | None], Change[BatchDocument]]


def stream_of(batch_id: UUID) -> Stream:
    """The stream of what is decided about a batch."""
    return Stream("batch", str(batch_id))


def undo(reason: str, look: Callable[[], tuple[BatchView, BatchEffects]], now: Instant) -> Decide:
    """Have the facts of a batch count no more; once more changes nothing.

    ``look`` tells what came with it, and what it led to: anew for each attempt. Raises
    ``MoveRefused`` for an audience that messages were prepared for.
    """

    def decide(document: BatchDocument | None) -> Change[BatchDocument]:
        if document is not None:
            return Change(document=document)
        batch, effects = look()
        if effects.prepared:
            raise MoveRefused(
                "Messages were prepared for this batch, which is the audience of an activity: "
                "what happened to them did happen. Cancel the activity instead."
            )
        undone = BatchUndone(
            batch_id=batch.batch_id,
            reason=reason,
            fact_count=sum(batch.facts.values()),
            effects=tuple(effects.refs),
            effect_count=effects.count,
        )
        made = BatchDocument(**undone.model_dump(), undone_at=to_datetime(now))
        return Change(document=made, steps=(Step(event_type="batch.undone", payload=undone),))

    return decide
