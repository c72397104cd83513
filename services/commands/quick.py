"""Quick campaigns: one kind of message to one group, planned, launched and distributed at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.decisions.activity import ActivityFields
from schemas.decisions.campaign import CampaignFields
from schemas.decisions.lists import MemberType
from schemas.documents import (
    ActivityDocument,
    CampaignDocument,
    DistributionDocument,
    ListDocument,
)
from services.commands import activities, campaigns, lists
from services.commands.campaigns import FindCampaign
from services.commands.commander import Change, Found, founded


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """What a quick campaign is: the ids it gets, and what a user says of it."""

    campaign_id: UUID
    activity_id: UUID
    name: str
    currency: str
    channel: str
    fields: CampaignFields
    activity: ActivityFields
    holdout_percent: float


def begin(
    quick: Quick,
    pinned: DistributionDocument,
    selection: Change[ListDocument] | None,
    find: FindCampaign,
    now: int,
) -> Change[CampaignDocument]:
    """All of it, or nothing. Raises what the single steps raise.

    ``selection`` makes the list of those who were selected by hand.
    """
    created = campaigns.create(
        quick.campaign_id, name=quick.name, kind="quick", currency=quick.currency,
        fields=quick.fields, find=find,
    )  # fmt: skip
    approved = campaigns.move(created.document, "campaign.approved", None, now)
    chosen = {"list_ids": tuple(one.list_id for one in pinned.lists)}
    planned = activities.plan(
        quick.activity_id, _as_found(quick, approved), kind="distribution", channel=quick.channel,
        fields=quick.activity.model_copy(update=chosen), others=0,
    )  # fmt: skip
    scheduled = activities.schedule(planned.document, ActivityFields(), now)
    stream = activities.stream_of(quick.activity_id)
    standing: Found[ActivityDocument] = Found(stream, 0, scheduled.document)
    launched = campaigns.launch(approved.document, [standing], None, now)
    distributed = activities.distribute_to_lists(
        scheduled.document, _as_found(quick, launched), pinned, content_version_id=None,
        holdout_percent=quick.holdout_percent, now=now,
    )  # fmt: skip
    activity = founded(stream, [planned, scheduled, distributed])
    whole = Change(
        document=launched.document,
        steps=(*created.steps, *approved.steps, *launched.steps),
        claims=created.claims,
        rests_on=created.rests_on,
    ).along_with(activity)
    return whole.along_with(selection) if selection else whole


def selected(
    list_id: UUID, name: str, members: Sequence[UUID], kind: MemberType
) -> Change[ListDocument]:
    """A static list of records that were selected."""
    document = ListDocument(list_id=list_id, name=name, kind="static", member_type=kind)
    put = lists.put(document, members, kind, "selected", on=True)
    return founded(lists.stream_of(list_id), [lists.create(document), put])


def _as_found(quick: Quick, change: Change[CampaignDocument]) -> Found[CampaignDocument]:
    return Found(campaigns.stream_of(quick.campaign_id), 0, change.document)
