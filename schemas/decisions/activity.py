"""Activities of a campaign, their audiences, and the messages made for it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import Field

from schemas.catalogue import KeyRule, Topic, event
from schemas.channels import Channel
from schemas.fields import AddrHash, Code, Model, Money, Name, Timestamp
from schemas.payload import Payload

BlockReason = Literal[
    "erased", "inactive", "no_address", "invalid_address", "suppressed", "consent", "duplicate",
    "frequency_cap", "holdout", "canceled", "provider_rejected", "no_outcome",
]  # fmt: skip
BLOCK_REASONS: tuple[str, ...] = get_args(BlockReason)
"""Why a targeted member was not contacted; the first that applies counts (R23)."""
MOST_LISTS = 100
"""How many lists one activity may be for."""


class ActivityFields(Model):
    """What a user may say of an activity; absent means unchanged."""

    subject: Name | None = None
    type: Annotated[int, Field(ge=1, le=8)] | None = None
    scheduled_start: Timestamp | None = None
    scheduled_end: Timestamp | None = None
    budget: Money | None = None
    anti_spam_days: Annotated[int, Field(ge=0, le=9999)] | None = None
    list_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_LISTS)] | None = None
    exclude_opted_out: bool | None = None
    skip_inactive: bool | None = None
    content_version_id: UUID | None = None
    owner_id: UUID | None = None
    priority: Annotated[int, Field(ge=0, le=2)] | None = None


@event(
    "activity.planned",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="activity", reference=True,
)  # fmt: skip
class ActivityPlanned(Payload):
    """A task, or a distribution in one channel, was planned."""

    activity_id: UUID
    campaign_id: UUID
    kind: Literal["planning", "distribution"]
    channel: Channel
    fields: ActivityFields = Field(default_factory=ActivityFields)


@event(
    "activity.changed", "activity.scheduled",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="activity", reference=True,
)  # fmt: skip
class ActivityChanged(Payload):
    """An activity's fields changed, or it got its time."""

    activity_id: UUID
    campaign_id: UUID
    changes: ActivityFields = Field(default_factory=ActivityFields)


@event(
    "activity.task_completed", "activity.closed", "activity.canceled",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="activity", reference=True,
)  # fmt: skip
class ActivityEnded(Payload):
    """An activity came to its end."""

    activity_id: UUID
    campaign_id: UUID


@event(
    "activity.cost_recorded",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="activity", reference=True,
)  # fmt: skip
class ActivityCostRecorded(Payload):
    """Money was spent on an activity; entries add up."""

    JOURNAL: ClassVar[dict[str, str]] = {"money": "cost"}

    activity_id: UUID
    campaign_id: UUID
    cost: Money


class DistributedList(Model):
    """A list as it was when it was handed over."""

    list_id: UUID
    version: int
    known_at: str


@event(
    "activity.distributed",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="activity", reference=True,
)  # fmt: skip
class ActivityDistributed(Payload):
    """An activity's audience was fixed and its messages may go out (R22)."""

    activity_id: UUID
    campaign_id: UUID
    lists: tuple[DistributedList, ...] = ()
    batch_id: UUID | None = None
    content_version_id: UUID
    holdout_percent: Annotated[float, Field(ge=0, le=50)] = 0


@event(
    "audience.pinned",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="activity", reference=True,
)  # fmt: skip
class AudiencePinned(Payload):
    """Who an activity is for, by a digest that does not depend on their order.

    What happened to its messages carries ``batch_id``: an import's own, or for lists the id that
    the audience itself was given. So rates know whom they are about, whatever becomes of the lists.
    """

    activity_id: UUID
    campaign_id: UUID
    source: Literal["list", "import"]
    batch_id: UUID | None = None
    member_count: Annotated[int, Field(ge=0, lt=2**53)]
    digest: Code
    known_at: str


@event("recipient.excluded", origin=Topic.DECISIONS)
class RecipientExcluded(Payload):
    """A targeted member was not contacted, and why (R23)."""

    activity_id: UUID
    message_id: UUID
    reason: BlockReason
    detail: Annotated[str, Field(max_length=500)] = ""


@event("message.prepared", origin=Topic.DECISIONS)
class MessagePrepared(Payload):
    """A message to one recipient is ready to be handed over (R21)."""

    message_id: UUID
    activity_id: UUID
    campaign_id: UUID
    content_version_id: UUID | None = None
    address: AddrHash
    ledger_position: str = ""
    list_id: UUID | None = None
    list_clause: Annotated[str, Field(max_length=500)] = ""
    cap_counters: dict[str, Any] = Field(default_factory=dict)
    cluster_id: str = ""
    identity_position: str = ""
