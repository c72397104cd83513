"""The facts of the star: interactions, hours of them, and responses."""

from __future__ import annotations

from dataclasses import replace

from projections.bi.view import (
    BI,
    DATABASE,
    GENERATION,
    LOW,
    MAYBE_TIME,
    TIME,
    Column,
    View,
    latest,
    moment,
)
from projections.kpis.definitions import COUNTABLE
from projections.stores.tables import VERDICTS

_WORKSPACE = Column("workspace", LOW, "f.workspace", "the workspace; every tool sees its own only")

_JUDGED = (
    f"(SELECT workspace, event_id, verdict, reasons, classifier_version FROM {DATABASE}.judgement "
    f"FINAL WHERE generation = {GENERATION})"
)
# Attribution: the activity of the message, else what the request itself said; and its campaign.
_MESSAGES = (
    f"(SELECT workspace, message_id, activity_id AS of_message FROM {DATABASE}.message_row FINAL "
    f"WHERE generation = {GENERATION} AND NOT deleted)"
)
READ = (
    "workspace", "event_id", "occurred_at", "recorded_at", "campaign_id", "stated_campaign_id",
    "activity_id", "message_id", "link_id", "person", "channel", "type", "country", "utm", "value",
    "currency", "duration_s", "producer", "log_topic", "test",
)  # fmt: skip
"""What is read of the journal, and may be by who reads the views: never the events' contents."""
_FACTS = (
    "(SELECT e.*, if(m.of_message != '', m.of_message, e.activity_id) AS activity "
    f"FROM (SELECT {', '.join(READ)} FROM {DATABASE}.journal "
    "WHERE log_topic = 'facts' AND NOT test) AS e "
    f"LEFT ANY JOIN {_MESSAGES} AS m "
    "ON m.workspace = e.workspace AND m.message_id = e.message_id)"
)
_INTERACTIONS = (
    f"{_FACTS} AS f "
    f"LEFT ANY JOIN {_JUDGED} AS j ON j.workspace = f.workspace AND j.event_id = f.event_id "
    f"LEFT ANY JOIN {latest('activity')} AS a ON a.workspace = f.workspace AND a.id = f.activity"
)
_CAMPAIGN = (
    "multiIf(a.campaign_id != '', a.campaign_id, f.campaign_id != '', f.campaign_id, "
    "f.stated_campaign_id)"
)

INTERACTION = View(
    "fact_interaction",
    "One row per fact that came in, whatever sent it: people and machines. Count people with "
    "is_human; unique human opens are a bound, since mail programs fetch pictures by themselves.",
    (
        _WORKSPACE,
        Column("event_id", "UUID", "f.event_id", "the event"),
        Column("event_date", "Date", "toDate(f.occurred_at)", "its day in UTC"),
        Column("occurred_at", TIME, "f.occurred_at", "when it happened, by its source's clock"),
        Column("recorded_at", TIME, "f.recorded_at", "when the log took it"),
        Column("campaign_id", "String", _CAMPAIGN, "the campaign it belongs to; empty: none"),
        Column("activity_id", "String", "f.activity", "the activity; empty: none"),
        Column("message_id", "String", "f.message_id", "the message; empty: none"),
        Column("link_id", "String", "f.link_id", "the link, 16 hex digits; empty: none"),
        Column("subject_key", "String", "f.person", "who, as addressed; a pseudonym"),
        Column("channel", LOW, "f.channel", "email, sms, phone, web_form, ..."),
        Column("event_type", LOW, "f.type", "the type, such as email.clicked"),
        Column("verdict", VERDICTS, "j.verdict", "who was at it; unjudged: no hit, or not yet"),
        Column("reason", "String", "if(empty(j.reasons), '', j.reasons[1])", "why it was judged"),
        Column("classifier_version", "UInt16", "j.classifier_version", "by which rules"),
        Column("is_human", "UInt8", "j.verdict = 'human'", "1 if a person was at it"),
        Column("country_code", LOW, "f.country", "ISO 3166 of registration; empty: unknown"),
        *(
            Column(f"utm_{name}", "String", f"f.utm['{name}']", f"the address's utm_{name}")
            for name in ("source", "medium", "campaign", "term", "content")
        ),
        Column("value", "Decimal(18, 4)", "f.value", "money, in currency; 0: none"),
        Column("currency", LOW, "f.currency", "ISO 4217; empty: none"),
        Column("duration_s", "UInt32", "f.duration_s", "seconds that it lasted; 0: not said"),
        Column("producer", LOW, "f.producer", "what sent it"),
    ),
    _INTERACTIONS,
)  # fmt: skip

_KEPT = (
    "workspace", "event_date", "campaign_id", "activity_id", "channel", "event_type", "verdict",
    "country_code",
)  # fmt: skip
_BY_HOUR = ", ".join(("hour", *_KEPT))
HOURLY = View(
    "fact_interaction_hourly",
    "One row per campaign, activity, channel, type, hour, verdict and country.",
    (
        Column("hour", "DateTime('UTC')", "f.hour", "the hour in UTC"),
        *(replace(c, expression=f"f.{c.name}") for c in INTERACTION.columns if c.name in _KEPT),
        Column("events", "UInt64", "f.events", "how many; may be added up"),
        Column("unique_subjects", "UInt64", "f.unique_subjects", "how many subjects, exactly; "
               "not to be added up"),
        Column("value", "Decimal(38, 4)", "f.value", "their money together, of any currency"),
    ),
    f"(SELECT {_BY_HOUR}, count() AS events, uniqExact(subject_key) AS unique_subjects, "
    "sum(value) AS value FROM (SELECT *, toStartOfHour(occurred_at) AS hour "
    f"FROM {BI}.fact_interaction) GROUP BY {_BY_HOUR}) AS f",
)  # fmt: skip

_CONVERTED = "arrayMin(arrayFilter(t -> t > 0, [f.lead_at, f.opportunity_at, f.other_at]))"
RESPONSE = View(
    "fact_response",
    "One row per campaign response, canceled ones and duplicates too: count with is_countable.",
    (
        _WORKSPACE,
        Column("response_id", "String", "f.id", "the response"),
        Column("response_date", "Date", "toDate(fromUnixTimestamp64Milli(f.occurred_at, 'UTC'))",
               "its day in UTC"),
        Column("occurred_at", TIME, "fromUnixTimestamp64Milli(f.occurred_at, 'UTC')",
               "when the person answered"),
        Column("recorded_at", TIME, "fromUnixTimestamp64Milli(f.recorded_at, 'UTC')",
               "when it was known"),
        Column("campaign_id", "String", "f.campaign_id", "the campaign"),
        Column("activity_id", "String", "f.activity_id", "the activity; empty: none"),
        Column("subject_key", "String", "f.person", "who, as addressed; a pseudonym"),
        Column("type", LOW, "f.type", "click, form, call, reply, sms, ..."),
        Column("channel", LOW, "f.channel", "email, sms, phone, web_form, ..."),
        Column("code", LOW, "f.code", "what it came to, such as interested; empty: not classified"),
        Column("status", LOW, "f.status", "open, reviewed, closed, canceled, ..."),
        Column("source", LOW, "f.source", "automatic, manual, import"),
        Column("first_followup_at", MAYBE_TIME, moment("f.followup_at"), "when it was followed up"),
        Column("followup_minutes", "Nullable(Float64)",
               "if(f.followup_at = 0, NULL, (f.followup_at - f.occurred_at) / 60000)",
               "from the answer to the follow-up"),
        Column("converted_at", MAYBE_TIME, moment(_CONVERTED), "when it was converted first"),
        Column("conversion_kind", LOW,
               f"multiIf({_CONVERTED} = 0, '', {_CONVERTED} = f.lead_at, 'lead', "
               f"{_CONVERTED} = f.opportunity_at, 'opportunity', 'other')",
               "lead, opportunity, other; empty: not converted"),
        Column("country_code", LOW, "f.country", "ISO 3166; empty: unknown"),
        Column("region", LOW, "f.region", "the region; empty: unknown"),
        Column("duplicate_of", "String", "f.duplicate_of", "the response that it repeats"),
        Column("adopted", "UInt8", "f.adopted", "1 if it was captured by hand before"),
        Column("is_countable", "UInt8", COUNTABLE, "1 if KPIs count it"),
    ),
    f"{latest('response')} AS f",
)  # fmt: skip
