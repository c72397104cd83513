"""The outbox of an activity: what a sender takes out, hands over and reports as sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from events.cursor import Cursor
from schemas.documents import ActivityDocument, CampaignDocument, DistributionDocument
from schemas.errors import MoveRefused
from schemas.fields import Timestamp
from schemas.lifecycles import ActivityStatus, CampaignStatus
from schemas.views import View
from services.api.activities import campaign_of
from services.api.call import Call, Reading
from services.api.desk import AtDesk, Desk, show
from services.api.messages import MessageAddresses, addresses_of
from services.api.paging import reading_cursor
from services.api.parameters import MOST, PageParameters
from services.api.tracking import Tracking
from services.commands import activities, campaigns, distributions
from services.commands.messages import content_of
from services.distribution.knowing import all_accepted

router = APIRouter(tags=["activities"])


class OutgoingMessage(MessageAddresses):
    """A message to be handed over; ``address`` is null if its recipient no longer has that one."""

    address: str | None
    content_version_id: UUID
    prepared_at: Timestamp


class OutboxAnswer(View):
    """Messages in the order they were stored. Ask again from ``position`` for those behind them.

    ``left`` is how many of the audience nothing was decided on yet.
    """

    data: list[OutgoingMessage]
    position: str
    left: int


@router.get("/activities/{activity_id}/outbox", response_model=OutboxAnswer)
def read_outbox(
    activity_id: UUID, page: Annotated[PageParameters, Query()], call: Reading, desk: AtDesk
) -> Response:
    """The messages prepared for the members of lists, from a position on."""
    outbox = _Outbox(activity_id, call, desk)
    with reading_cursor(page.cursor):
        data, position = outbox.page(page.cursor, page.limit, outbox.known())
    return show({"data": data, "position": position, "left": outbox.left})


@router.get("/activities/{activity_id}/outbox/file", response_class=StreamingResponse)
def download_outbox(activity_id: UUID, call: Reading, desk: AtDesk) -> StreamingResponse:
    """All messages prepared by now, a JSON object a line, for senders that take files.

    Ends early where the campaign is suspended or the activity canceled meanwhile.
    """
    # Whether there is anything to send, and known already, is told before it begins.
    outbox = _Outbox(activity_id, call, desk)
    known = outbox.known()
    outbox.page(None, 1, known)
    name = f"activity-{activity_id}.ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(
        _lines(activity_id, call, desk, known), media_type="application/x-ndjson", headers=headers
    )


def _lines(activity_id: UUID, call: Call, desk: Desk, known: Cursor) -> Iterator[bytes]:
    position: str | None = None
    while True:
        try:
            data, position = _Outbox(activity_id, call, desk).page(position, MOST, known)
        except MoveRefused:
            return
        if not data:
            return
        yield b"".join(orjson.dumps(one) + b"\n" for one in data)


class _Outbox:
    """The outbox of an activity as it is now. Raises ``NotFound``, and ``MoveRefused`` if none."""

    def __init__(self, activity_id: UUID, call: Call, desk: Desk) -> None:
        found = desk.find(call, activities.stream_of(activity_id), ActivityDocument)
        activity = activities.known(found.document)
        progress = desk.find(call, distributions.stream_of(activity_id), DistributionDocument)
        self._distribution = distributions.known(progress.document)
        campaign = campaign_of(desk, call, activity.campaign_id)
        _check_sends(activity, campaigns.known(campaign.document))
        self._call = call
        self._tracking = Tracking(call.parts, call.workspace, content_of(activity))

    @property
    def left(self) -> int:
        """How many of the audience nothing was decided on yet."""
        return distributions.left_of(self._distribution)

    def known(self) -> Cursor:
        """What was accepted by now: of everybody decided on, the message is among it."""
        return all_accepted(self._call.parts.gate, self._call.parts.log)

    def page(
        self, after: str | None, limit: int, known: Cursor
    ) -> tuple[list[dict[str, Any]], str]:
        """The next messages as JSON data, and the position behind them."""
        rows = self._call.parts.reads.outgoing(
            self._call.workspace, self._distribution.activity_id, self._distribution.audience_id,
            after, limit, known,
        )  # fmt: skip
        shown = [
            {
                **one.model_dump(mode="json"),
                **addresses_of(self._tracking, one.recipient, one.message_id),
            }
            for one in rows.data
        ]
        return shown, rows.position


def _check_sends(activity: ActivityDocument, campaign: CampaignDocument) -> None:
    """Whether messages may still go out. Raises ``MoveRefused``."""
    if activity.status is not ActivityStatus.IN_PROGRESS:
        raise MoveRefused(f"The activity is {activity.status.name.lower()}: send nothing of it.")
    if campaign.status is not CampaignStatus.LAUNCHED:
        raise MoveRefused(f"The campaign is {campaign.status.name.lower()}: send nothing of it.")
