"""The outbox of an activity: what a sender takes out, hands over and reports as sent."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from schemas.documents import ActivityDocument, CampaignDocument, DistributionDocument
from schemas.errors import MoveRefused
from schemas.fields import Timestamp
from schemas.lifecycles import ActivityStatus, CampaignStatus
from schemas.views import View
from services.api.activities import campaign_of
from services.api.call import Reading
from services.api.desk import AtDesk, show
from services.api.messages import MessageAddresses, addresses_of
from services.api.paging import reading_cursor
from services.api.parameters import PageParameters
from services.api.tracking import Tracking
from services.commands import activities, campaigns, distributions
from services.commands.messages import content_of

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
    found = desk.find(call, activities.stream_of(activity_id), ActivityDocument)
    activity = activities.known(found.document)
    progress = desk.find(call, distributions.stream_of(activity_id), DistributionDocument)
    distribution = distributions.known(progress.document)
    _check_sends(activity, campaigns.known(campaign_of(desk, call, activity.campaign_id).document))
    with reading_cursor(page.cursor):
        rows = call.parts.reads.outgoing(
            call.workspace, activity_id, distribution.audience_id, page.cursor, page.limit
        )
    tracking = Tracking(call.parts, call.workspace, content_of(activity))
    data: list[dict[str, Any]] = [
        {
            **one.model_dump(mode="json"),
            **addresses_of(tracking, one.recipient, one.message_id),
        }
        for one in rows.data
    ]
    left = distributions.left_of(distribution)
    return show({"data": data, "position": rows.position, "left": left})


def _check_sends(activity: ActivityDocument, campaign: CampaignDocument) -> None:
    """Whether messages may still go out. Raises ``MoveRefused``."""
    if activity.status is not ActivityStatus.IN_PROGRESS:
        raise MoveRefused(f"The activity is {activity.status.name.lower()}: send nothing of it.")
    if campaign.status is not CampaignStatus.LAUNCHED:
        raise MoveRefused(f"The campaign is {campaign.status.name.lower()}: send nothing of it.")
