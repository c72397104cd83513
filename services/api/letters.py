"""Dead letters of a workspace: what a projection could not apply, and applying it once more."""

from __future__ import annotations

from fastapi import APIRouter, Response

from projections.dead_letters import Letter
from projections.letters import Letters
from schemas.errors import NotFound, StoreUnavailable
from schemas.instants import Instant, format_instant
from schemas.views import Rows, View
from services.api.call import Administering, Call
from services.api.desk import show

router = APIRouter(prefix="/dead-letters", tags=["operations"])


class LetterAnswer(View):
    """An event that one projection could not apply."""

    letter: str
    projection: str
    event_id: str
    type: str
    error: str
    first_failed_at: str
    solved: bool


@router.get("", response_model=Rows[LetterAnswer])
def list_letters(call: Administering) -> Response:
    """Those that wait, the oldest first; at most the oldest thousand of the installation."""
    found = [one for one in _letters(call).letters() if one.workspace == call.workspace]
    return show({"data": [_shown(one) for one in found], "next_cursor": None})


@router.post("/{projection}/{topic}/{partition}/{offset}/retry", response_model=LetterAnswer)
def retry_letter(
    projection: str, topic: str, partition: int, offset: int, call: Administering
) -> Response:
    """Apply the event to its projection alone once more. Asked again it changes nothing."""
    name = f"{projection}/{topic}/{partition}/{offset}"
    letters = _letters(call)
    if letters.letter(name).workspace != call.workspace:
        raise NotFound(f"There is no dead letter {name[:100]!r} in this workspace.")
    return show(_shown(letters.retry(name)))


def _letters(call: Call) -> Letters:
    if call.parts.letters is None:
        raise StoreUnavailable("This process has no read models. Ask another one.")
    return call.parts.letters


def _shown(one: Letter) -> dict[str, object]:
    return {
        "letter": one.name,
        "projection": one.sink,
        "event_id": one.event_id,
        "type": one.type,
        "error": one.error,
        "first_failed_at": format_instant(Instant(one.first_failed_at)),
        "solved": one.solved,
    }
