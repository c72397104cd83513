"""The outbox of an activity: the messages that may go out by now, in the order they were stored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from events.cursor import Cursor
from schemas.documents import ActivityDocument, CampaignDocument, DistributionDocument
from schemas.errors import MoveRefused
from schemas.lifecycles import ActivityStatus, CampaignStatus
from services.commands import activities, campaigns, distributions
from services.commands.commander import Commander
from services.commands.messages import content_of
from services.distribution.knowing import all_accepted
from services.distribution.tracking import Tracking, addresses_of
from services.parts import Parts


class Outbox:
    """The outbox of an activity as it is now. Raises ``NotFound``, and ``MoveRefused`` if none."""

    def __init__(
        self, parts: Parts, commander: Commander, workspace: str, activity_id: UUID
    ) -> None:
        find = commander.find
        owner = find(workspace, activities.stream_of(activity_id), ActivityDocument)
        activity = activities.known(owner.document)
        progress = find(workspace, distributions.stream_of(activity_id), DistributionDocument)
        self._distribution = distributions.known(progress.document)
        over = find(workspace, campaigns.stream_of(activity.campaign_id), CampaignDocument)
        _check_sends(activity, campaigns.known(over.document))
        self.activity_id = activity_id
        self.channel = activity.channel
        self.campaign_id = activity.campaign_id
        self._parts = parts
        self._workspace = workspace
        self._tracking = Tracking(parts, workspace, content_of(activity))

    @property
    def left(self) -> int:
        """How many of the audience nothing was decided on yet."""
        return distributions.left_of(self._distribution)

    def known(self) -> Cursor:
        """What was accepted by now: of everybody decided on, the message is among it."""
        return all_accepted(self._parts.gate, self._parts.log)

    def page(
        self, after: str | None, limit: int, known: Cursor, *, untold: bool = False
    ) -> tuple[list[dict[str, Any]], str]:
        """The next messages as JSON data, and the position behind them.

        With ``untold`` those alone of which nobody has told that they went out.
        """
        rows = self._parts.reads.outgoing(
            self._workspace, self._distribution.activity_id, self._distribution.audience_id,
            after, limit, known, untold=untold,
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
