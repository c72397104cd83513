"""Campaigns: planned, approved, launched, ended."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.catalogue import KeyRule, Topic, event
from schemas.durations import DurationText
from schemas.fields import Code, Currency, Model, Money, Prop, Ref, Text, Timestamp
from schemas.payload import Payload

Goal = Literal["lead_generation", "awareness", "product_sale", "retention"]


Target = Annotated[float, Field(allow_inf_nan=False)]  # JSON has no other


class GoalEvent(Model):
    """What counts as reaching a campaign's goal (K23)."""

    type: Annotated[str, Field(max_length=100)]
    where: Annotated[tuple[Prop, ...], Field(max_length=20)] = ()


class CampaignFields(Model):
    """What a user may say of a campaign; absent means unchanged."""

    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    goal: Goal | None = None
    aim: Literal["acquire", "retain", "both"] | None = None
    goal_event: GoalEvent | None = None
    goal_window: DurationText | None = None
    type: Annotated[int, Field(ge=1, le=5)] | None = None
    proposed_start: Timestamp | None = None
    proposed_end: Timestamp | None = None
    offer: Text | None = None
    message: Annotated[str, Field(max_length=256)] | None = None
    description: Text | None = None
    promotion_code: Annotated[str, Field(max_length=128)] | None = None
    expected_response: Annotated[int, Field(ge=0, le=100)] | None = None
    expected_revenue: Money | None = None
    budget: Money | None = None
    misc_cost: Money | None = None
    owner_id: UUID | None = None
    parent_id: UUID | None = None
    is_template: bool | None = None
    kpi_targets: Annotated[dict[Code, Target], Field(max_length=100)] | None = None


@event(
    "campaign.created",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="campaign", reference=True,
)  # fmt: skip
class CampaignCreated(Payload):
    """A campaign came into being, proposed."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    kind: Literal["standard", "quick"]
    currency: Currency
    fields: CampaignFields = Field(default_factory=CampaignFields)


@event(
    "campaign.changed",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="campaign", reference=True,
)  # fmt: skip
class CampaignChanged(Payload):
    """Some of a campaign's fields changed."""

    changes: CampaignFields


@event(
    "campaign.copied",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="campaign", reference=True,
)  # fmt: skip
class CampaignCopied(Payload):
    """A campaign was made from another's version."""

    source: dict[str, Any] = Field(alias="from")


@event(
    "campaign.approved", "campaign.launched", "campaign.suspended", "campaign.resumed",
    "campaign.completed", "campaign.canceled", "campaign.deactivated", "campaign.reactivated",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="campaign", reference=True,
)  # fmt: skip
class CampaignMoved(Payload):
    """A campaign went from one status to another."""

    from_status: int
    to_status: int
    reason: Annotated[str, Field(max_length=200)] | None = None


@event(
    "campaign.item_linked", "campaign.item_unlinked",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="campaign", reference=True,
)  # fmt: skip
class CampaignItem(Payload):
    """A product, document, list or campaign was tied to a campaign, or untied."""

    item: Ref


@event(
    "campaign.cost_recorded",
    origin=Topic.DECISIONS, key=KeyRule.CAMPAIGN, stream="campaign", reference=True,
)  # fmt: skip
class CampaignCostRecorded(Payload):
    """Money was spent on a campaign beside its activities; entries add up."""

    JOURNAL: ClassVar[dict[str, str]] = {"money": "cost"}

    cost: Money
