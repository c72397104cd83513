"""Generations of read models, for whoever looks on; their steps are the operator's alone."""

from __future__ import annotations

from fastapi import APIRouter, Response

from projections.replay.replays import Progress, Replays
from schemas.errors import StoreUnavailable
from schemas.instants import Instant, format_instant
from schemas.views import Rows, View
from services.api.call import Administering
from services.api.desk import show
from services.parts import Parts

router = APIRouter(prefix="/replays", tags=["operations"])


class ReplayAnswer(View):
    """A generation, and how many events of those in the log it has folded."""

    generation: int
    state: str
    stage: str
    done: int
    total: int
    begun_at: str
    switched_at: str | None
    seconds: float
    unapplied: int
    waits: bool
    mixed: list[str]


@router.get("", response_model=Rows[ReplayAnswer])
def list_replays(call: Administering) -> Response:
    """All generations, in the order in which they were begun.

    They are of the whole installation, so nothing is told of what is in them.
    """
    found = [_shown(one) for one in replays_of(call.parts).replays()]
    return show({"data": found, "next_cursor": None})


def replays_of(parts: Parts) -> Replays:
    """The port of replay. Raises ``StoreUnavailable`` in a process that has none."""
    if parts.replays is None:
        raise StoreUnavailable("This process makes no replays. Ask another one.")
    return parts.replays


def _shown(one: Progress) -> dict[str, object]:
    made = one.generation
    return {
        "generation": made.number,
        "state": made.state.value,
        "stage": made.stage.value,
        "done": one.done,
        "total": one.total,
        "begun_at": format_instant(Instant(made.begun_at)),
        "switched_at": format_instant(Instant(made.switched_at)) if made.switched_at else None,
        "seconds": made.spent_ms / 1000,
        "unapplied": made.unapplied,
        "waits": one.waits,
        "mixed": one.mixed,
    }
