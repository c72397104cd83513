"""Activities of a campaign: planned, scheduled, given an audience, distributed, ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from schemas.audiences import ADDRESSES
from schemas.decisions.activity import (
    ActivityChanged,
    ActivityCostRecorded,
    ActivityDistributed,
    ActivityEnded,
    ActivityFields,
    ActivityPlanned,
    AudiencePinned,
)
from schemas.documents import ActivityDocument, CampaignDocument, DistributionDocument
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, MoveRefused, NotFound
from schemas.fields import Money
from schemas.instants import to_datetime
from schemas.lifecycles import ActivityStatus, CampaignStatus
from schemas.payload import Payload
from services.commands.commander import Change, Found, Step

OPEN = (
    ActivityStatus.PROPOSED,
    ActivityStatus.PENDING,
    ActivityStatus.IN_PROGRESS,
    ActivityStatus.COMPLETED,
)
UNSENT = (ActivityStatus.PROPOSED, ActivityStatus.PENDING)
ENDS = {
    "complete": "activity.task_completed",
    "close": "activity.closed",
    "cancel": "activity.canceled",
}
_AFTER = {
    "activity.scheduled": ActivityStatus.PENDING,
    "activity.task_completed": ActivityStatus.COMPLETED,
    "activity.closed": ActivityStatus.CLOSED,
    "activity.canceled": ActivityStatus.CANCELED,
}
_OVER = (CampaignStatus.COMPLETED, CampaignStatus.CANCELED, CampaignStatus.INACTIVE)


def stream_of(activity_id: UUID) -> Stream:
    """The stream of an activity."""
    return Stream("activity", str(activity_id))


def known(document: ActivityDocument | None) -> ActivityDocument:
    """The activity. Raises ``NotFound``."""
    if document is None:
        raise NotFound("There is no such activity in this workspace.")
    return document


def evolve(
    document: ActivityDocument, event_type: str, payload: Payload, now: int
) -> ActivityDocument:
    """The activity after one more event."""
    match payload:
        case ActivityChanged():
            update: dict[str, Any] = {"fields": _merged(document.fields, payload.changes)}
        case ActivityCostRecorded():
            update = {"costs": (*document.costs, payload.cost)}
        case AudiencePinned():
            update = {"audience": payload.model_dump(mode="json", exclude_none=True)}
        case ActivityDistributed():
            update = {
                "status": ActivityStatus.IN_PROGRESS,
                "distributed_at": to_datetime(now),
                "content_version_id": payload.content_version_id,
                "holdout_percent": payload.holdout_percent,
            }
        case _:
            update = {}
    if event_type in _AFTER:
        update["status"] = _AFTER[event_type]
    return document.model_copy(update=update)


def plan(
    activity_id: UUID,
    campaign: Found[CampaignDocument],
    *,
    kind: str,
    channel: str,
    fields: ActivityFields,
    others: int,
) -> Change[ActivityDocument]:
    """A new activity of a campaign that is not over; ``others`` are those it already has."""
    owner = _running(campaign)
    if owner.kind == "quick" and others:
        raise MoveRefused("A quick campaign has exactly one activity.")
    payload = ActivityPlanned.model_validate(
        {
            "activity_id": activity_id,
            "campaign_id": owner.campaign_id,
            "kind": kind,
            "channel": channel,
            "fields": _said(fields),
        }
    )
    document = ActivityDocument(
        activity_id=activity_id,
        campaign_id=owner.campaign_id,
        kind=kind,
        channel=payload.channel,
        fields=payload.fields,
    )
    step = _step(document, "activity.planned", payload)
    return Change(document=document, steps=(step,), rests_on=(campaign.unchanged,))


def change(document: ActivityDocument, changes: ActivityFields) -> Change[ActivityDocument]:
    """Some fields set anew; what already has the value asked for is no news."""
    _allowed(document, OPEN, "changed")
    if _merged(document.fields, changes) == document.fields:
        return Change(document=document)
    return _changed(document, "activity.changed", changes)


def schedule(
    document: ActivityDocument, changes: ActivityFields, now: int
) -> Change[ActivityDocument]:
    """Give an activity its time; without one it is to begin at once."""
    _allowed(document, UNSENT, "scheduled")
    merged = _merged(document.fields, changes)
    if merged.scheduled_start is None:
        changes = changes.model_copy(update={"scheduled_start": to_datetime(now)})
        merged = _merged(document.fields, changes)
    start, end = merged.scheduled_start, merged.scheduled_end
    if start and end and end < start:
        detail = "An activity must not end before it starts."
        raise InvalidInput(detail, (Fault("/scheduled_end", detail),))
    return _changed(document, "activity.scheduled", changes)


def pin_audience(
    document: ActivityDocument, batch_id: UUID, member_count: int, digest: str, known_at: str
) -> Change[ActivityDocument]:
    """Fix an imported audience, while nothing has been sent; the same one again is no news."""
    _distribution(document)
    standing = document.audience or {}
    said = {"batch_id": str(batch_id), "member_count": member_count, "digest": digest}
    if said.items() <= standing.items():
        return Change(document=document)
    _allowed(document, UNSENT, "given another audience")
    payload = AudiencePinned(
        activity_id=document.activity_id,
        campaign_id=document.campaign_id,
        source="import",
        batch_id=batch_id,
        member_count=member_count,
        digest=digest,
        known_at=known_at,
    )
    return _changed_by(document, "audience.pinned", payload)


def distribute(
    document: ActivityDocument,
    campaign: Found[CampaignDocument],
    *,
    content_version_id: UUID | None,
    batch_id: UUID | None,
    holdout_percent: float,
    now: int,
) -> Change[ActivityDocument]:
    """R22: the audience is fixed from now on, and messages may go out."""
    content = _distributable(document, campaign, content_version_id)
    if not document.audience:
        raise MoveRefused(
            "The activity has no audience yet. Name lists (list_ids), or pin an imported one."
        )
    pinned = document.audience.get("batch_id")
    if batch_id is not None and str(batch_id) != pinned:
        detail = f"The activity's pinned audience is the batch {pinned}."
        raise InvalidInput(detail, (Fault("/batch_id", detail),))
    payload = ActivityDistributed(
        activity_id=document.activity_id,
        campaign_id=document.campaign_id,
        batch_id=UUID(pinned) if pinned else None,
        content_version_id=content,
        holdout_percent=holdout_percent,
    )
    changed = _changed_by(document, "activity.distributed", payload, now)
    return Change(document=changed.document, steps=changed.steps, rests_on=(campaign.unchanged,))


def check_for_lists(
    document: ActivityDocument,
    campaign: Found[CampaignDocument],
    content_version_id: UUID | None,
) -> UUID:
    """What is sent to the members of lists, if anything can be.

    Raises ``MoveRefused`` or ``InvalidInput``.
    """
    content = _distributable(document, campaign, content_version_id)
    if document.audience:
        raise MoveRefused("The activity's audience is pinned: an imported one, and no lists.")
    if document.channel not in ADDRESSES:
        names = ", ".join(ADDRESSES)
        raise MoveRefused(
            f"Members of lists are written to by {names}. For {document.channel}, pin an imported"
            " audience."
        )
    if campaign.document is None or campaign.document.status is not CampaignStatus.LAUNCHED:
        raise MoveRefused("Launch the campaign first; its messages go out only then.")
    return content


def distribute_to_lists(
    document: ActivityDocument,
    campaign: Found[CampaignDocument],
    pinned: DistributionDocument,
    *,
    content_version_id: UUID | None,
    holdout_percent: float,
    now: int,
) -> Change[ActivityDocument]:
    """R22: the members of lists as they are now are the audience, whatever becomes of the lists."""
    content = check_for_lists(document, campaign, content_version_id)
    if not pinned.members:
        detail = "The lists have no members."
        raise InvalidInput(detail, (Fault("/list_ids", detail),))
    same = {"activity_id": document.activity_id, "campaign_id": document.campaign_id}
    audience = AudiencePinned(
        **same,
        source="list",
        batch_id=pinned.audience_id,
        member_count=pinned.members,
        digest=pinned.digest,
        known_at=pinned.known_at,
    )
    distributed = ActivityDistributed(
        **same,
        lists=pinned.lists,
        content_version_id=content,
        holdout_percent=holdout_percent,
    )
    first = _changed_by(document, "audience.pinned", audience)
    then = _changed_by(first.document, "activity.distributed", distributed, now)
    return Change(
        document=then.document,
        steps=(*first.steps, *then.steps),
        rests_on=(campaign.unchanged,),
    )


def _distributable(
    document: ActivityDocument,
    campaign: Found[CampaignDocument],
    content_version_id: UUID | None,
) -> UUID:
    """What is sent, if anything can be. Raises ``MoveRefused`` or ``InvalidInput``."""
    _distribution(document)
    _allowed(document, UNSENT, "distributed")
    _running(campaign)
    content = content_version_id or document.fields.content_version_id
    if content is None:
        detail = "Name the content version that is sent."
        raise InvalidInput(detail, (Fault("/content_version_id", detail),))
    return content


def record_cost(document: ActivityDocument, cost: Money) -> Change[ActivityDocument]:
    """Money spent on the activity; a bill may come after its end."""
    payload = ActivityCostRecorded(
        activity_id=document.activity_id, campaign_id=document.campaign_id, cost=cost
    )
    return _changed_by(document, "activity.cost_recorded", payload)


def end(document: ActivityDocument, event_type: str) -> Change[ActivityDocument]:
    """The task done, or the activity closed or canceled."""
    if event_type == "activity.task_completed":
        _allowed(document, (*UNSENT, ActivityStatus.IN_PROGRESS), "completed")
        if document.kind != "planning":
            raise MoveRefused("Only a planning activity is a task. Close a distribution instead.")
    _allowed(document, OPEN, event_type.partition(".")[2])
    payload = ActivityEnded(activity_id=document.activity_id, campaign_id=document.campaign_id)
    return _changed_by(document, event_type, payload)


def _changed(
    document: ActivityDocument, event_type: str, changes: ActivityFields
) -> Change[ActivityDocument]:
    payload = ActivityChanged(
        activity_id=document.activity_id, campaign_id=document.campaign_id, changes=changes
    )
    return _changed_by(document, event_type, payload)


def _changed_by(
    document: ActivityDocument, event_type: str, payload: Payload, now: int = 0
) -> Change[ActivityDocument]:
    after = evolve(document, event_type, payload, now)
    return Change(document=after, steps=(_step(document, event_type, payload),))


def _running(campaign: Found[CampaignDocument]) -> CampaignDocument:
    if campaign.document is None:
        raise NotFound("There is no such campaign in this workspace.")
    if campaign.document.status in _OVER:
        word = campaign.document.status.name.lower()
        raise MoveRefused(f"The campaign is {word}; its activities are over.")
    return campaign.document


def _distribution(document: ActivityDocument) -> None:
    if document.kind != "distribution":
        raise MoveRefused("A planning activity has no audience and sends no messages.")


def _allowed(document: ActivityDocument, statuses: tuple[ActivityStatus, ...], word: str) -> None:
    if document.status not in statuses:
        status = document.status.name.lower().replace("_", " ")
        raise MoveRefused(f"An activity that is {status} cannot be {word.replace('_', ' ')}.")


def _said(fields: ActivityFields) -> dict[str, Any]:
    said: dict[str, Any] = fields.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def _merged(fields: ActivityFields, changes: ActivityFields) -> ActivityFields:
    return ActivityFields.model_validate({**_said(fields), **_said(changes)})


def _step(document: ActivityDocument, event_type: str, payload: Payload) -> Step:
    return Step(
        event_type=event_type,
        payload=payload,
        key_name=str(document.campaign_id),
        campaign_id=document.campaign_id,
    )
