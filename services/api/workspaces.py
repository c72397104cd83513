"""A key's own workspace: looked at, and set anew by an admin.

Workspaces are made on the command line alone: no key belongs to more than one, so none has the
authority to make another.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Response
from pydantic import Field

from schemas.errors import NotFound
from schemas.instants import format_instant
from schemas.views import Rows, View
from services.access import GpcMode, Workspace
from services.api.call import Administering, Call, Reading
from services.api.desk import Body, show

router = APIRouter(prefix="/workspaces", tags=["access"])


class WorkspaceAnswer(View):
    """A workspace."""

    id: str
    time_zone: str
    base_currency: str
    gpc_mode: GpcMode


class WorkspaceChange(Body):
    """What may be set anew."""

    time_zone: Annotated[str, Field(max_length=100)] | None = None
    gpc_mode: GpcMode | None = None


class ActAnswer(View):
    """Something that was done to the workspace or its keys."""

    at: str
    actor: str
    act: str
    object: str
    detail: str


class RingAnswer(View):
    """The ring of token keys: how many there are, and which one signs."""

    newest: int
    keys: int


@router.get("", response_model=Rows[WorkspaceAnswer])
def list_workspaces(call: Reading) -> Response:
    """The workspaces that the key may see: its own."""
    return _rows([_shown(call.parts.access.workspace(call.workspace))])


@router.get("/{workspace}", response_model=WorkspaceAnswer)
def read_workspace(workspace: str, call: Reading) -> Response:
    """The key's own workspace."""
    return show(_shown(_own(call, workspace)))


@router.patch("/{workspace}", response_model=WorkspaceAnswer)
def change_workspace(workspace: str, changes: WorkspaceChange, call: Administering) -> Response:
    """Set the time zone, or what is made of signals not to be tracked."""
    _own(call, workspace)
    changed = call.parts.access.update_workspace(
        workspace,
        time_zone=changes.time_zone,
        gpc_mode=changes.gpc_mode,
        actor=call.principal.name,
    )
    return show(_shown(changed))


@router.post("/{workspace}/rotate-tokens", response_model=RingAnswer)
def rotate_tokens(workspace: str, call: Administering) -> Response:
    """Sign tracking addresses with a new key from now on; those already sent stay good."""
    _own(call, workspace)
    ring = call.parts.vault.rotate_tokens(workspace)
    actor = call.principal.name
    call.parts.access.note(workspace, "token keys rotated", str(ring.newest), actor)
    return show({"newest": ring.newest, "keys": len(ring.keys)})


@router.get("/{workspace}/acts", response_model=Rows[ActAnswer])
def list_acts(workspace: str, call: Administering) -> Response:
    """Who did what to the workspace and its keys, in its order."""
    _own(call, workspace)
    return _rows(
        [
            {"at": format_instant(a.at), "actor": a.actor, "act": a.act, "object": a.object,
             "detail": a.detail}
            for a in call.parts.access.acts(workspace)
        ]
    )  # fmt: skip


def _own(call: Call, workspace: str) -> Workspace:
    """The key's workspace. Raises ``NotFound`` for any other, as if there were none."""
    if workspace != call.workspace:
        raise NotFound("Your key opens no such workspace.")
    return call.parts.access.workspace(workspace)


def _shown(workspace: Workspace) -> dict[str, Any]:
    return {
        "id": workspace.id,
        "time_zone": workspace.time_zone,
        "base_currency": workspace.base_currency,
        "gpc_mode": workspace.gpc_mode.value,
    }


def _rows(data: list[dict[str, Any]]) -> Response:
    body = orjson.dumps({"data": data, "next_cursor": None})
    return Response(body, media_type="application/json")
