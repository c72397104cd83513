"""How far pushes of messages to senders are: begun, taken, failed, and tried again."""

from __future__ import annotations

from uuid import UUID

from schemas.documents import PushDocument
from schemas.envelope import Stream

_SECOND = 1000
_WAITS = (5, 30, 120, 600, 1800, 3600)
"""Seconds until what failed is tried again, the last one from then on."""


def stream_of(activity_id: UUID) -> Stream:
    """Under which a push is kept: an activity has one, so that nobody is written to by two."""
    return Stream("push", str(activity_id))


def is_due(document: PushDocument, now: int) -> bool:
    """Whether there is anything to try."""
    return document.state == "pushing" and document.next_at <= now


def taken(document: PushDocument, position: str, messages: int) -> PushDocument:
    """A page was taken: the next one may follow at once."""
    told = {"position": position, "taken": document.taken + messages}
    return document.model_copy(update={**told, "attempts": 0, "next_at": 0, "error": ""})


def failed(document: PushDocument, now: int, detail: str, *, for_good: bool) -> PushDocument:
    """A page was not taken: it is tried again, later and later, unless the sender is gone."""
    wait = _WAITS[min(document.attempts, len(_WAITS) - 1)]
    told = {"attempts": document.attempts + 1, "next_at": now + wait * _SECOND, "error": detail}
    return document.model_copy(update={**told, "state": "refused" if for_good else "pushing"})


def handed_to(document: PushDocument, sender_id: UUID) -> PushDocument:
    """Another sender goes on where the one before ended."""
    told = {"sender_id": sender_id, "attempts": 0, "next_at": 0, "error": "", "state": "pushing"}
    return document if document.sender_id == sender_id else document.model_copy(update=told)


def again(document: PushDocument) -> PushDocument:
    """Try what failed, or was refused, without further waiting."""
    state = "pushing" if document.state == "refused" else document.state
    return document.model_copy(update={"state": state, "attempts": 0, "next_at": 0})
