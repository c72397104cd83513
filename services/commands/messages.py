"""Messages of an activity: one per recipient, under an id that follows from both (R6, R21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.decisions.activity import MessagePrepared
from schemas.documents import ActivityDocument, CampaignDocument
from schemas.errors import MoveRefused, NotFound
from schemas.ids import message_id, named_id
from schemas.lifecycles import ActivityStatus, CampaignStatus
from services.commands.activities import OPEN
from services.commands.commander import Step

MOST_AT_ONCE = 1000
_OVER = (CampaignStatus.COMPLETED, CampaignStatus.CANCELED, CampaignStatus.INACTIVE)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for, and the clear address it goes to, of which only a hash is kept."""

    record_id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be handed over."""

    message_id: UUID
    recipient: Recipient
    step: Step


def content_of(activity: ActivityDocument) -> UUID | None:
    """The content version an activity sends: the distributed one, else the planned one."""
    return activity.content_version_id or activity.fields.content_version_id


def prepare(
    workspace: str,
    activity: ActivityDocument,
    campaign: CampaignDocument | None,
    recipients: Sequence[Recipient],
) -> list[Prepared]:
    """The messages to some recipients; asked again, they are the same ones."""
    _sendable(activity, campaign)
    return [_prepared(workspace, activity, recipient) for recipient in recipients]


def _sendable(activity: ActivityDocument, campaign: CampaignDocument | None) -> None:
    if campaign is None:
        raise NotFound("There is no such campaign in this workspace.")
    if activity.kind != "distribution":
        raise MoveRefused("A planning activity sends no messages.")
    if activity.status not in OPEN or activity.status is ActivityStatus.COMPLETED:
        raise MoveRefused(f"The activity is {activity.status.name.lower()}; it sends no more.")
    if campaign.status in _OVER:
        raise MoveRefused(f"The campaign is {campaign.status.name.lower()}; it sends no more.")


def _prepared(workspace: str, activity: ActivityDocument, recipient: Recipient) -> Prepared:
    name = message_id(activity.activity_id, recipient.record_id)
    payload = MessagePrepared(
        message_id=name,
        activity_id=activity.activity_id,
        campaign_id=activity.campaign_id,
        content_version_id=content_of(activity),
        address=recipient.address,
    )
    step = Step(
        event_type="message.prepared",
        payload=payload,
        event_id=named_id(workspace, "message.prepared", name),
        recipient=recipient.record_id,
        campaign_id=activity.campaign_id,
    )
    return Prepared(name, recipient, step)
