"""The KPI registry (section 7 of the domain specification): every formula stands here, once.

A set is a condition on an entity row; a KPI is a numerator and a denominator set. A zero
denominator gives null. Windowed reactions count within ``WINDOW_DAYS`` of the message's sending.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFINITION_VERSION = 1
WINDOW_DAYS = 30
_WINDOW = WINDOW_DAYS * 86_400_000


def _within(column: str) -> str:
    return f"({column} > 0 AND {column} < cohort_at + {_WINDOW})"


_DELIVERED = "state = 'delivered'"
_OPENED = f"({_DELIVERED} AND {_within('opened_at')})"
_UNMEASURABLE = f"({_DELIVERED} AND {_within('unmeasurable_at')} AND NOT {_within('opened_at')})"
_CLICKED = f"({_DELIVERED} AND {_within('clicked_at')})"

MESSAGE_SETS: dict[str, str] = {
    "targeted": "1",
    "blocked": "state = 'blocked'",
    "pending": "state = 'pending'",
    "sent": "state IN ('delivered', 'hard', 'soft', 'lost', 'waiting')",
    "delivered": _DELIVERED,
    "bounced_hard": "state = 'hard'",
    "bounced_soft": "state = 'soft'",
    "bounced": "state IN ('hard', 'soft')",
    "lost": "state = 'lost'",
    "waiting": "state = 'waiting'",
    "opened_raw": f"({_DELIVERED} AND {_within('opened_any_at')})",
    "opened": _OPENED,
    "opened_unmeasurable": _UNMEASURABLE,
    "measurable": f"({_DELIVERED} AND NOT {_UNMEASURABLE})",
    "clicked": _CLICKED,
    "opened_or_clicked": f"({_OPENED} OR {_CLICKED})",
    "replied": f"({_DELIVERED} AND {_within('replied_at')})",
    "unsubscribed": f"({_DELIVERED} AND {_within('unsubscribed_at')})",
    "complained": f"({_DELIVERED} AND {_within('complained_at')})",
}
"""Sets of messages; ``state`` ranks notices, so their order does not matter."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A KPI that is one set over another."""

    id: str
    name: str
    numerator: str
    denominator: str


MESSAGE_RATIOS: tuple[Ratio, ...] = (
    Ratio("K1", "send_rate", "sent", "targeted"),
    Ratio("K2", "block_rate", "blocked", "targeted"),
    Ratio("K3", "delivery_rate", "delivered", "sent"),
    Ratio("K4", "hard_bounce_rate", "bounced_hard", "sent"),
    Ratio("K4", "soft_bounce_rate", "bounced_soft", "sent"),
    Ratio("K4", "bounce_rate", "bounced", "sent"),
    Ratio("K5", "open_rate_raw", "opened_raw", "delivered"),
    Ratio("K6", "open_rate", "opened", "delivered"),
    Ratio("K7", "open_rate_adjusted", "opened", "measurable"),
    Ratio("K8", "unmeasurable_share", "opened_unmeasurable", "delivered"),
    Ratio("K9", "click_through_rate", "clicked", "delivered"),
    Ratio("K10", "click_to_open_rate", "clicked", "opened_or_clicked"),
    Ratio("K12", "reply_rate", "replied", "delivered"),
    Ratio("K13", "unsubscribe_rate", "unsubscribed", "delivered"),
    Ratio("K14", "complaint_rate", "complained", "delivered"),
)
PEOPLE_RATIOS: tuple[Ratio, ...] = tuple(
    Ratio(r.id, f"{r.name}_p", f"{r.numerator}_p", f"{r.denominator}_p") for r in MESSAGE_RATIOS
)
"""The same over people: who got several messages counts once."""
REACH_RATIOS: tuple[Ratio, ...] = (
    Ratio("K17", "response_rate", "responding_people", "contacted_people"),
    Ratio("K18", "positive_response_rate", "positive_people", "contacted_people"),
    Ratio("K23", "goal_conversion_rate", "goal_people", "goal_contacted_people"),
)
RESPONSE_SETS: dict[str, str] = {
    "countable": "1",
    "reviewed": "reviewed_at > 0",
    "converted": "(lead_at > 0 OR opportunity_at > 0 OR other_at > 0)",
    "converted_to_lead": "lead_at > 0",
    "converted_to_opportunity": "opportunity_at > 0",
}
RESPONSE_RATIOS: tuple[Ratio, ...] = (
    Ratio("K19", "reviewed_share", "reviewed", "countable"),
    Ratio("K20", "conversion_rate", "converted", "countable"),
    Ratio("K20a", "lead_conversion_rate", "converted_to_lead", "countable"),
    Ratio("K20b", "opportunity_conversion_rate", "converted_to_opportunity", "countable"),
)
FORM_RATIOS: tuple[Ratio, ...] = (
    Ratio("K15", "form_submission_rate", "submitters", "visitors"),
    Ratio("K15b", "form_submissions_per_visit", "submissions", "visits"),
)
WEBINAR_RATIOS: tuple[Ratio, ...] = (
    Ratio("K16", "attendance_rate", "attended", "registered"),
    Ratio("K16", "no_show_rate", "no_shows", "registered"),
)
LINK_RATIOS: tuple[Ratio, ...] = (
    Ratio("K11", "link_click_through_rate", "link_clicked", "link_delivered"),
)
COST_RATIOS: tuple[Ratio, ...] = (
    Ratio("K25", "cost_per_response", "total_cost", "countable"),
    Ratio("K25", "cost_per_lead", "total_cost", "leads"),
    Ratio("K25", "cost_per_won", "total_cost", "won"),
    Ratio("K25", "budget_use", "total_cost", "budget"),
    Ratio("K25", "revenue_vs_plan", "won_revenue", "expected_revenue"),
)
RATIOS: tuple[Ratio, ...] = (
    *MESSAGE_RATIOS, *PEOPLE_RATIOS, *REACH_RATIOS, *RESPONSE_RATIOS, *FORM_RATIOS,
    *WEBINAR_RATIOS, *LINK_RATIOS, *COST_RATIOS,
)  # fmt: skip
SUMS: tuple[tuple[str, str], ...] = (
    ("K30", "call_attempts"),
    ("K31", "talk_seconds"),
    ("K17", "inbound_responders"),
)
"""KPIs that are sums or counts: no denominator."""

MEDIANS: tuple[tuple[str, str], ...] = (
    ("K24", "first_follow_up_minutes"),
    ("K24", "first_follow_up_minutes_p90"),
)

PARTS: dict[str, frozenset[str]] = {
    **{ratio.name: frozenset((ratio.numerator, ratio.denominator)) for ratio in RATIOS},
    **{name: frozenset((name,)) for _, name in SUMS},
    **{name: frozenset(("routed",)) for _, name in MEDIANS},
}
"""Every KPI by name, with the counts it is made of."""

COUNTABLE = (
    "status != 'canceled' AND duplicate_of = '' AND NOT test "
    "AND code NOT IN ('error', 'auto_reply', 'out_of_office')"
)
"""The condition of a countable response."""
