"""Campaigns and their activities, as the column store needs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from schemas.decisions.activity import (
    ActivityChanged,
    ActivityCostRecorded,
    ActivityDistributed,
    ActivityPlanned,
    AudiencePinned,
)
from schemas.decisions.campaign import (
    CampaignChanged,
    CampaignCostRecorded,
    CampaignCreated,
    CampaignFields,
    CampaignMoved,
    GoalEvent,
)
from schemas.durations import parse_duration
from schemas.fields import Decimal4, Model, Money, column_amount
from schemas.lifecycles import CampaignStatus

DEFAULT_WINDOW = "P30D"


class CampaignDoc(Model):
    """A campaign's newest state; amounts are in the workspace's base currency."""

    campaign_id: UUID
    name: str
    code: str = ""
    kind: str
    status: int
    goal: str = ""
    goal_event: GoalEvent | None = None
    goal_months: int
    goal_days: int
    goal_seconds: int
    expected_response: int | None = None
    expected_revenue: Decimal4 | None = None
    budget: Decimal4 | None = None
    misc_cost: Decimal4


class ActivityDoc(Model):
    """An activity's newest state. ``pinned_batch`` is set where an audience is pinned."""

    activity_id: UUID
    campaign_id: UUID
    subject: str
    channel: str
    pinned_batch: str = ""
    audience_size: int = 0
    content_version_id: str = ""
    cost: Decimal4


class Campaigns(Fold):
    """One row per campaign: its fields last writer by stream version, its plan as approved."""

    name: ClassVar[str] = "campaigns"
    tables: ClassVar[tuple[str, ...]] = ("campaign",)
    consumes: ClassVar[frozenset[str]] = frozenset(
        ("campaign.created", "campaign.changed", "campaign.copied", "campaign.approved",
         "campaign.launched", "campaign.suspended", "campaign.resumed", "campaign.completed",
         "campaign.canceled", "campaign.deactivated", "campaign.reactivated",
         "campaign.cost_recorded")
    )  # fmt: skip

    def entities(self, known: Known) -> Iterable[str]:
        return (known.event.subject_id,)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        created: CampaignCreated | None = None
        fields: dict[str, Any] = {}
        approved: dict[str, Any] | None = None
        status = CampaignStatus.PROPOSED
        costs = Decimal(0)
        for known in sorted(facts, key=lambda k: k.event.version or 0):
            match known.payload:
                case CampaignCreated() as created:
                    fields |= _told(created.fields)
                case CampaignChanged(changes=changes):
                    fields |= _told(changes)
                case CampaignCostRecorded(cost=cost):
                    costs += cost.in_base
                case CampaignMoved(to_status=to_status):
                    status = CampaignStatus(to_status)
                    if known.event.type == "campaign.approved":
                        approved = dict(fields)
        if created is None:
            return Outcome()
        plan = fields if approved is None else approved
        window = parse_duration(fields.get("goal_window") or DEFAULT_WINDOW)
        doc = CampaignDoc(
            campaign_id=UUID(entity),
            name=fields.get("name") or created.name,
            code=fields.get("code") or "",
            kind=created.kind,
            status=int(status),
            goal=fields.get("goal") or "",
            goal_event=fields.get("goal_event"),
            goal_months=window.months,
            goal_days=window.days,
            goal_seconds=window.seconds,
            expected_response=plan.get("expected_response"),
            expected_revenue=_base(plan.get("expected_revenue")),
            budget=_base(plan.get("budget")),
            misc_cost=_base(fields.get("misc_cost")) or Decimal(0),
        )
        doc = doc.model_copy(update={"misc_cost": column_amount(doc.misc_cost + costs)})
        return Outcome((Row("campaign", entity, doc),))


class Activities(Fold):
    """One row per activity."""

    name: ClassVar[str] = "activities"
    tables: ClassVar[tuple[str, ...]] = ("activity",)
    consumes: ClassVar[frozenset[str]] = frozenset(
        ("activity.planned", "activity.changed", "activity.scheduled", "activity.cost_recorded",
         "activity.distributed", "audience.pinned")
    )  # fmt: skip

    def entities(self, known: Known) -> Iterable[str]:
        return (str(getattr(known.payload, "activity_id", "")),)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        planned: ActivityPlanned | None = None
        values: dict[str, Any] = {}
        cost = Decimal(0)
        for known in sorted(facts, key=lambda k: k.event.version or 0):
            match known.payload:
                case ActivityPlanned(fields=fields) as planned:
                    values |= {"subject": fields.subject, "content": fields.content_version_id}
                case ActivityChanged(changes=changes):
                    values["subject"] = changes.subject or values.get("subject")
                    values["content"] = changes.content_version_id or values.get("content")
                case ActivityDistributed(content_version_id=content):
                    values["content"] = content
                case ActivityCostRecorded(cost=spent):
                    cost += spent.in_base
                case AudiencePinned(batch_id=batch, member_count=size):
                    values |= {"batch": batch, "size": size}
        if planned is None:
            return Outcome()
        doc = ActivityDoc(
            activity_id=UUID(entity),
            campaign_id=planned.campaign_id,
            subject=values.get("subject") or "",
            channel=planned.channel,
            pinned_batch=str(values.get("batch") or ""),
            audience_size=values.get("size", 0),
            content_version_id=str(values.get("content") or ""),
            cost=column_amount(cost),
        )
        return Outcome((Row("activity", entity, doc),))


def _told(fields: CampaignFields) -> dict[str, Any]:
    return {
        name: value
        for name in type(fields).model_fields
        if (value := getattr(fields, name)) is not None
    }


def _base(money: Money | None) -> Decimal | None:
    return None if money is None else column_amount(money.in_base)
