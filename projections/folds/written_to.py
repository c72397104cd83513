"""Which addresses an activity has written to, so that none gets two of its messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from projections.folds.messages import MessageDoc
from schemas.decisions.activity import MessagePrepared


class WrittenTo(Fold):
    """One row per activity and address: the message that was prepared for it first."""

    name: ClassVar[str] = "written_to"
    tables: ClassVar[tuple[str, ...]] = ("message",)
    consumes: ClassVar[frozenset[str]] = frozenset(("message.prepared",))

    def entities(self, known: Known) -> Iterable[str]:
        payload = known.payload
        if isinstance(payload, MessagePrepared):
            yield written_name(payload.activity_id, payload.address)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        first = facts[0].event
        activity_id, _, _ = entity.partition(">")
        doc = MessageDoc(
            message_id=str(getattr(facts[0].payload, "message_id", "")),
            activity_id=activity_id,
            subject=first.subject_id,
            at=first.occurred_at,
        )
        return Outcome((Row("message", entity, doc, {"subject": "", "at": doc.at}),))


def written_name(activity_id: UUID, address_hash: str) -> str:
    """The name of the row of an address in an activity."""
    return f"{activity_id}>{address_hash}"
