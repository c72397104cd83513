"""Senders that messages are pushed to: the secret they verify with, and how far each push is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from schemas.documents import PushDocument, PushState, RegistryDocument
from schemas.fields import Timestamp
from schemas.instants import format_instant
from schemas.views import View
from services.access import Scope
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Desk, show
from services.commands import pushes, registries
from services.commands.commander import Found
from services.sending.signing import secret_of

router = APIRouter(tags=["senders"])


class SecretAnswer(View):
    """What a sender verifies signatures with."""

    sender_id: UUID
    secret: str


class PushAnswer(View):
    """How far the messages of one activity were pushed: how many were taken, what failed last."""

    activity_id: UUID
    state: PushState
    taken: int
    attempts: int
    next_at: Timestamp | None
    error: str


class PushesAnswer(View):
    """The pushes to a sender, in the order of the activities' ids."""

    sender_id: UUID
    data: list[PushAnswer]


@router.get("/senders/{sender_id}/secret", response_model=SecretAnswer)
def read_secret(sender_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """The secret of a sender, for administrators; another one after the token keys were turned."""
    call.principal.require(Scope.ADMIN)
    _check_known(desk, call, sender_id)
    secret = secret_of(call.parts.vault.token_keys(call.workspace), sender_id)
    return show({"sender_id": str(sender_id), "secret": secret})


@router.get("/senders/{sender_id}/pushes", response_model=PushesAnswer)
def list_pushes(sender_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """How far the messages of each activity were pushed to a sender."""
    return _shown(sender_id, _pushes(desk, call, sender_id))


@router.post("/senders/{sender_id}/retry", response_model=PushesAnswer)
def retry_pushes(sender_id: UUID, call: Writing, desk: AtDesk) -> Response:
    """Try at once what failed, and what the sender refused for good."""
    for found in _pushes(desk, call, sender_id):
        if found.document is not None and found.document.attempts:
            moved = found.becoming(pushes.again(found.document))
            desk.commander.append(call.order(), (), (moved,))
    return _shown(sender_id, _pushes(desk, call, sender_id))


def _check_known(desk: Desk, call: Call, sender_id: UUID) -> None:
    stream = registries.stream_of("sender", str(sender_id))
    registries.known(desk.find(call, stream, RegistryDocument).document)


def _pushes(desk: Desk, call: Call, sender_id: UUID) -> list[Found[PushDocument]]:
    _check_known(desk, call, sender_id)
    found = desk.commander.find_all(call.workspace, "push", PushDocument)
    return [one for one in found if one.document and one.document.sender_id == sender_id]


def _shown(sender_id: UUID, found: list[Found[PushDocument]]) -> Response:
    data = [_push(one.document) for one in found if one.document is not None]
    return show({"sender_id": str(sender_id), "data": data})


def _push(document: PushDocument) -> dict[str, Any]:
    shown = document.model_dump(mode="json", include=set(PushAnswer.model_fields))
    return {**shown, "next_at": format_instant(document.next_at) if document.next_at else None}
