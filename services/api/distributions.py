"""How far an activity's distribution to the members of lists is; pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response

from schemas.decisions.activity import DistributedList
from schemas.documents import DistributionDocument, DistributionState
from schemas.errors import VersionConflict
from schemas.views import View
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Desk, reply, show
from services.commands import distributions
from services.commands.commander import ATTEMPTS
from services.distribution.running import Distributions

router = APIRouter(prefix="/activities/{activity_id}/distribution", tags=["activities"])


class DistributionAnswer(View):
    """How far a distribution is.

    ``members`` is ``prepared``, all ``excluded``, and ``left``. ``digest`` is of the members, in
    whatever order; ``audience_id`` is the batch that their messages' events carry.
    """

    activity_id: UUID
    campaign_id: UUID
    audience_id: UUID
    state: DistributionState
    members: int
    prepared: int
    excluded: dict[str, int]
    left: int
    lists: list[DistributedList]
    known_at: str
    digest: str


def running_of(request: Request) -> Distributions:
    """What decides on pages in this process."""
    running: Distributions = request.app.state.distributions
    return running


def _shown(document: DistributionDocument) -> dict[str, Any]:
    said = document.model_dump(mode="json", exclude={"pages", "next_page", "actor", "pin_id"})
    return {**said, "left": distributions.left_of(document)}


@router.get("", response_model=DistributionAnswer)
def read_distribution(activity_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """How many of the audience are decided on, and how."""
    found = desk.find(call, distributions.stream_of(activity_id), DistributionDocument)
    return show(_shown(distributions.known(found.document)))


def _stepper(verb: str) -> None:
    def step_distribution(
        activity_id: UUID, request: Request, call: Writing, desk: AtDesk
    ) -> Response:
        document = _moved(desk, call, activity_id, lambda d: distributions.step(d, verb))
        running_of(request).wake()
        return reply(orjson.dumps(_shown(document)))

    router.add_api_route(
        f"/{verb}",
        step_distribution,
        methods=["POST"],
        response_model=DistributionAnswer,
        name=f"{verb}_distribution",
        summary=f"{verb.capitalize()} a distribution, between two pages",
    )


for _verb in distributions.STEPS:
    _stepper(_verb)


def _moved(
    desk: Desk,
    call: Call,
    activity_id: UUID,
    move: Callable[[DistributionDocument], DistributionDocument],
) -> DistributionDocument:
    """The distribution after a step, which is taken between two pages: those move it too."""
    stream = distributions.stream_of(activity_id)
    for attempt in range(1, ATTEMPTS + 1):
        found = desk.find(call, stream, DistributionDocument)
        after = move(distributions.known(found.document))
        if after == found.document:
            return after
        try:
            desk.commander.append(call.order(), (), (found.becoming(after),))
        except VersionConflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return after
    raise AssertionError("The last attempt returns or raises.")
