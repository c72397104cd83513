"""Responses counted by channel, country or time; the rows add up to the countable ones."""

from __future__ import annotations

from projections.kpis.definitions import COUNTABLE, RESPONSE_SETS
from projections.stores.columns import Columns
from projections.stores.tables import latest_copy
from schemas.views import Tally, TallyQuery

# What has the precision of a day is a date, wherever one looks at it from, and of no known hour.
_NAMES = {
    "channel": "toString(channel)",
    "country": "toString(country)",
    "day": (
        "if(precision = 'day', toString(toDate(toDateTime(intDiv(occurred_at, 1000)), 'UTC')), "
        "toString(toDate(toDateTime(intDiv(occurred_at, 1000)), {zone:String})))"
    ),
    # An hour that a clock shows twice a year is told apart by its distance from UTC.
    "hour": (
        "if(precision = 'day', '', formatDateTime(toDateTime(intDiv(occurred_at, 1000)), "
        "'%Y-%m-%dT%H:00%z', {zone:String}))"
    ),
}


def tally_rows(columns: Columns, workspace: str, generation: int, query: TallyQuery) -> list[Tally]:
    """The counts in the order of their names."""
    found = columns.query(
        f"""
SELECT {_NAMES[query.by]} AS name, count() AS responses,
    countIf({RESPONSE_SETS["reviewed"]}) AS reviewed, countIf(code = 'interested') AS positive,
    countIf({RESPONSE_SETS["converted"]}) AS converted
FROM {latest_copy("response")} WHERE {COUNTABLE}
    AND ({{campaign:String}} = '' OR campaign_id = {{campaign:String}})
GROUP BY name ORDER BY name""",
        {
            "workspace": workspace,
            "generation": generation,
            "campaign": str(query.campaign_id or ""),
            "zone": query.time_zone,
        },
    )
    return [Tally.model_validate(row) for row in found.to_pylist()]
