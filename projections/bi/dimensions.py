"""The dimensions of the star: campaigns, activities, days; and how fresh all of it is."""

from __future__ import annotations

from projections.bi.view import DATABASE, LOW, TIME, Column, View, latest
from schemas.lifecycles import CampaignStatus

_WORKSPACE = Column("workspace", LOW, "d.workspace", "the workspace; every tool sees its own only")
_STATUSES = ", ".join(f"{status.value}, '{status.name.lower()}'" for status in CampaignStatus)
_STATUS = f"caseWithExpression(d.status, {_STATUSES}, 'unknown')"

CAMPAIGN = View(
    "dim_campaign",
    "One row per campaign.",
    (
        _WORKSPACE,
        Column("campaign_id", "String", "d.id", "the campaign"),
        Column("code", "String", "d.code", "its code, by which people call it"),
        Column("name", "String", "d.name", "its name"),
        Column("kind", LOW, "d.kind", "standard or quick"),
        Column("goal", LOW, "d.goal", "what it is for; empty: not said"),
        Column("status", LOW, _STATUS, "proposed, ready_to_launch, launched, completed, ..."),
        Column("budget", "Nullable(Decimal(18, 4))", "d.budget", "money set aside"),
        Column("misc_cost", "Decimal(18, 4)", "d.misc_cost", "costs of no activity"),
        Column("total_cost", "Decimal(38, 4)", "d.misc_cost + a.cost", "with its activities'"),
        Column("expected_response", "Nullable(Int32)", "d.expected_response",
               "how many responses are expected"),
        Column("expected_revenue", "Nullable(Decimal(18, 4))", "d.expected_revenue",
               "the revenue that is expected"),
    ),
    f"{latest('campaign')} AS d LEFT JOIN (SELECT workspace, campaign_id, sum(cost) AS cost "
    f"FROM {latest('activity')} GROUP BY workspace, campaign_id) AS a "
    "ON a.workspace = d.workspace AND a.campaign_id = d.id",
)  # fmt: skip

ACTIVITY = View(
    "dim_activity",
    "One row per campaign activity.",
    (
        _WORKSPACE,
        Column("activity_id", "String", "d.id", "the activity"),
        Column("campaign_id", "String", "d.campaign_id", "its campaign"),
        Column("subject", "String", "d.subject", "its subject"),
        Column("channel", LOW, "d.channel", "email, sms, phone, ..."),
        Column("cost", "Decimal(18, 4)", "d.cost", "what it has cost"),
        Column("audience_size", "UInt64", "d.audience_size", "how many people were pinned to it"),
    ),
    f"{latest('activity')} AS d",
)  # fmt: skip

DATE = View(
    "dim_date",
    "One row per day from 2000 to 2099.",
    (
        Column("d", "Date", "d.day", "the day"),
        Column("year", "UInt16", "toYear(d.day)", "its year"),
        Column("quarter", "UInt8", "toQuarter(d.day)", "its quarter"),
        Column("month", "UInt8", "toMonth(d.day)", "its month"),
        Column("year_month", "UInt32", "toYYYYMM(d.day)", "both, as 202611"),
        Column("iso_week", "UInt8", "toISOWeek(d.day)", "its week by ISO 8601"),
        Column("dow", "UInt8", "toDayOfWeek(d.day)", "1 for Monday to 7"),
        Column("is_weekend", "UInt8", "toDayOfWeek(d.day) > 5", "1 on Saturdays and Sundays"),
    ),
    "(SELECT toDate('2000-01-01') + arrayJoin(range(36525)) AS day) AS d",
)  # fmt: skip

FRESHNESS = View(
    "v_freshness",
    "One row per workspace: how far its journal has come.",
    (
        _WORKSPACE,
        Column("last_event_at", TIME, "d.last_event_at", "when its latest event happened"),
        Column("last_recorded_at", TIME, "d.last_recorded_at", "when the latest was recorded"),
        Column("events", "UInt64", "d.events", "how many events there are"),
        Column("quiet_seconds", "Int64", "dateDiff('second', d.last_recorded_at, now64(3, 'UTC'))",
               "for how long nothing has come"),
    ),
    "(SELECT workspace, max(occurred_at) AS last_event_at, max(recorded_at) AS last_recorded_at, "
    f"count() AS events FROM {DATABASE}.journal GROUP BY workspace) AS d",
)  # fmt: skip
