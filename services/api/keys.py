"""The API keys of a workspace: listed, made, replaced and revoked by an admin.

A secret is in the one reply that makes its key, and nowhere else. So these replies are not kept
under an Idempotency-Key: a lost one means another key.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.instants import format_instant
from schemas.views import Rows, View
from services.access import LONGEST_OVERLAP_SECONDS, KeyEntry, NewKey, Scope
from services.api.call import Administering, Call
from services.api.desk import Body, show
from services.api.paging import listed, page_of
from services.api.parameters import Page

router = APIRouter(prefix="/keys", tags=["access"])


class NewKeyBody(Body):
    """Who will use the key, and for what."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]


class Rotation(Body):
    """How long the old key lives on beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_SECONDS)] = 0


class KeyAnswer(View):
    """A key as lists show it."""

    key_id: str
    name: str
    scopes: list[Scope]
    created_at: str
    revoked_at: str | None
    live: bool


class NewKeyAnswer(KeyAnswer):
    """A key just made. The secret is shown this once."""

    secret: str


@router.get("", response_model=Rows[KeyAnswer])
def list_keys(request: Request, page: Page, call: Administering) -> Response:
    """The workspace's keys, also revoked ones, in the order of their ids."""
    entries = sorted(call.parts.access.keys(call.workspace), key=lambda e: e.key_id)
    chosen, further = page_of(entries, lambda e: e.key_id, page.cursor, page.limit)
    return listed(request, [_shown(call, entry) for entry in chosen], further)


@router.post("", status_code=201, response_model=NewKeyAnswer)
def create_key(body: NewKeyBody, call: Administering) -> Response:
    """Make a key; its secret is in this reply and cannot be shown again."""
    made = call.parts.access.create_key(
        call.workspace, body.name, frozenset(body.scopes), call.principal.name
    )
    return _made(call, made)


@router.post("/{key_id}/rotate", status_code=201, response_model=NewKeyAnswer)
def rotate_key(key_id: str, call: Administering, body: Rotation | None = None) -> Response:
    """Make a key of the same name and scopes; the old one is refused when the overlap is over."""
    overlap = body.overlap_seconds if body else 0
    made = call.parts.access.rotate_key(call.workspace, key_id, overlap, call.principal.name)
    return _made(call, made)


@router.post("/{key_id}/revoke", response_model=KeyAnswer)
def revoke_key(key_id: str, call: Administering) -> Response:
    """Refuse a key from now on; again changes nothing."""
    call.parts.access.revoke_key(call.workspace, key_id, call.principal.name)
    return show(_shown(call, _entry(call, key_id)))


def _made(call: Call, made: NewKey) -> Response:
    shown = {**_shown(call, _entry(call, made.key_id)), "secret": made.secret}
    return Response(orjson.dumps(shown), 201, media_type="application/json")


def _entry(call: Call, key_id: str) -> KeyEntry:
    return next(e for e in call.parts.access.keys(call.workspace) if e.key_id == key_id)


def _shown(call: Call, entry: KeyEntry) -> dict[str, Any]:
    return {
        "key_id": entry.key_id,
        "name": entry.name,
        "scopes": sorted(entry.scopes),
        "created_at": format_instant(entry.created_at),
        "revoked_at": None if entry.revoked_at is None else format_instant(entry.revoked_at),
        "live": entry.is_live(call.parts.clock()),
    }
