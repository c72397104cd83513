"""Where the entities of KPIs come from: the stored rows, or the same texts as of a moment."""

from __future__ import annotations

from dataclasses import dataclass

from projections.entities.forms import forms_sql
from projections.entities.messages import clusters_sql, messages_sql
from projections.entities.notices import VERDICT_AS_OF, notices_as_of
from projections.entities.reach import Goal, reach_sql
from projections.kpis.definitions import COUNTABLE
from projections.stores.tables import latest_copy, latest_entity

_NOTHING = "AS campaign_id, '' AS message_id, '' AS cluster"
_STAMPS = ("reviewed_at", "lead_at", "opportunity_at", "other_at", "routed_at", "followup_at")


@dataclass(frozen=True, slots=True)
class Sources:
    """SQL sources, each a subquery; the parameters they use are workspace, generation, as_of."""

    messages: str
    forms: str
    reach: str
    responses: str
    bound: str


def sources(goals: list[Goal], as_of: int | None) -> Sources:
    """The sources now (``as_of`` is None), or as of a moment of data time."""
    responses = latest_copy("response")
    if as_of is None:
        return Sources(
            messages=latest_entity("message_row"),
            forms=latest_entity("form_row"),
            reach=latest_entity("reach_row"),
            responses=f"(SELECT * FROM {responses} WHERE {COUNTABLE})",
            bound="1",
        )
    bound = "occurred_at <= fromUnixTimestamp64Milli({as_of:Int64}, 'UTC')"
    messages = f"({messages_sql(notices_as_of(f'j.{bound}'), clusters_sql())})"
    reach = f"({reach_sql(goals, messages, '1', '1', bound)})" if goals else _no_reach()
    return Sources(
        messages=messages,
        forms=f"({forms_sql('1', '1', VERDICT_AS_OF, bound)})",
        reach=reach,
        responses=_responses_as_of(responses),
        bound=bound,
    )


def _no_reach() -> str:
    return f"(SELECT '' {_NOTHING} WHERE 0)"


def _responses_as_of(responses: str) -> str:
    """Responses as they stood: what was decided later has not happened yet."""
    stamps = ", ".join(f"if({name} <= {{as_of:Int64}}, {name}, 0) AS {name}" for name in _STAMPS)
    kept = ", ".join(("status", "duplicate_of", "code", *_STAMPS))
    return (
        f"(SELECT * FROM (SELECT * EXCEPT ({kept}), {stamps}, "
        "if(canceled_at > {as_of:Int64}, 'reviewed', status) AS status, "
        "if(canceled_at > {as_of:Int64}, '', duplicate_of) AS duplicate_of, "
        "if(classified_at > {as_of:Int64}, '', code) AS code "
        f"FROM {responses} WHERE occurred_at <= {{as_of:Int64}}) WHERE {COUNTABLE})"
    )
