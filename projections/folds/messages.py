"""Messages as places: which activity a message belongs to, under its own and the provider's id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from schemas.decisions.activity import MessagePrepared
from schemas.fields import Model
from schemas.payload import MessagePayload


class MessageDoc(Model):
    """Where a message belongs, whom it addressed, and when."""

    message_id: str
    activity_id: str
    subject: str
    at: int


class Messages(Fold):
    """One row per message, and one per provider's id of it."""

    name: ClassVar[str] = "messages"
    tables: ClassVar[tuple[str, ...]] = ("message",)
    consumes: ClassVar[frozenset[str]] = frozenset(
        ("message.prepared", "email.sent", "sms.sent", "push.sent")
    )

    def entities(self, known: Known) -> Iterable[str]:
        yield str(_payload(known).message_id)
        yield from _provider_names(known)

    def provides(self, known: Known) -> Iterable[str]:
        yield from (f"message:{name}" for name in self.entities(known))
        yield f"touch:{known.event.subject_id}"

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        # Where two events name different places, the first stands.
        first = _payload(facts[0])
        doc = MessageDoc(
            message_id=str(first.message_id),
            activity_id=str(first.activity_id),
            subject=facts[0].event.subject_id,
            at=facts[0].event.occurred_at,
        )
        own = entity == doc.message_id
        filters = {"subject": doc.subject if own else "", "at": doc.at}
        return Outcome((Row("message", entity, doc, filters),))


def provider_name(provider: str | None, number: str | None) -> str:
    """The name of a message under its provider's id; empty where that is not known."""
    return f"{provider}:{number}" if provider and number else ""


def _payload(known: Known) -> Any:
    return known.payload


def _provider_names(known: Known) -> Iterable[str]:
    payload = known.payload
    if isinstance(payload, MessagePayload) and not isinstance(payload, MessagePrepared):
        name = provider_name(payload.provider, payload.provider_message_id)
        if name:
            yield name
