"""The KPI queries: one per kind of entity, each counting its sets by group."""

from __future__ import annotations

from collections.abc import Sequence

from projections.kpis.populations import (
    CONTACTED,
    FORMS,
    LINKS,
    MESSAGES,
    PEOPLE,
    REACHED,
    RESPONSES,
    SCOPE,
    WEBINARS,
    Population,
    audience,
)
from projections.kpis.sources import Sources
from projections.stores.tables import latest_copy


def _select(columns: Sequence[str], counts: str, source: str, where: str) -> str:
    groups = [f"{column} AS group_{i}" for i, column in enumerate(columns)]
    tail = f" GROUP BY {', '.join(f'group_{i}' for i in range(len(columns)))}" if columns else ""
    return f"SELECT {', '.join([*groups, counts])} FROM ({source}) WHERE {where}{tail}"


def _counted(of: Population, s: Sources, columns: Sequence[str], counts: str) -> str:
    return _select(columns, counts, of.source(s), of.where)


def _rows_in(of: Population) -> str:
    """How many rows of the source are in each set."""
    return ", ".join(f"countIf({sql}) AS {name}" for name, sql in of.sets.items())


_AMOUNTS = {
    "outside_audience": "countIf(NOT in_audience)",
    "call_attempts": f"sumIf(call_attempts, {REACHED})",
    "talk_seconds": f"sumIf(talk_seconds, {REACHED})",
}


OF_MESSAGES = frozenset((*MESSAGES.sets, *_AMOUNTS))
"""What ``messages_query`` counts; likewise below."""


def messages_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of message sets, and why some messages were blocked."""
    amounts = [f"{sql} AS {name}" for name, sql in _AMOUNTS.items()]
    blocks = "sumMapIf([toString(reason)], [toUInt64(1)], in_audience AND state = 'blocked')"
    reasons = [f"{blocks}.1 AS reasons", f"{blocks}.2 AS reason_counts"]
    return _counted(MESSAGES, s, columns, ", ".join([_rows_in(MESSAGES), *amounts, *reasons]))


OF_PEOPLE = frozenset((*PEOPLE.sets, *CONTACTED.sets))


def people_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of people: those of a message set (``_p``), and the sets of people of campaigns.

    What a person is of is one number of bits, first in each campaign, then altogether: a number for
    each of 2.5 million people where 29 counters took 1.6 GB and twice the time.
    """
    sets = {**PEOPLE.sets, **CONTACTED.sets}
    bit = {name: 1 << place for place, name in enumerate(sets)}
    bits = " + ".join(f"{bit[name]} * toUInt8({sql})" for name, sql in sets.items())
    groups = [f"group_{i}" for i in range(len(columns))]
    lead = "".join(f"{sql} AS {name}, " for sql, name in zip(columns, groups, strict=True))
    alike = "".join(f"{name}, " for name in groups)
    by_both = (
        f"SELECT {lead}cluster, groupBitOr({bits}) AS here FROM ({PEOPLE.source(s)}) "
        f"WHERE {PEOPLE.where} GROUP BY {alike}campaign_id, cluster"
    )
    within = ", ".join(
        f"countIf(bitAnd(here, {bit[name]}) != 0) AS {name}" for name in CONTACTED.sets
    )
    by_person = (
        f"SELECT {alike}groupBitOr(here) AS anywhere, {within} FROM ({by_both}) "
        f"GROUP BY {alike}cluster"
    )
    last = [f"sum({name}) AS {name}" for name in CONTACTED.sets]
    last += [f"countIf(bitAnd(anywhere, {bit[name]}) != 0) AS {name}" for name in PEOPLE.sets]
    tail = f" GROUP BY {', '.join(groups)}" if groups else ""
    return f"SELECT {alike}{', '.join(last)} FROM ({by_person}){tail}"


OF_LINKS = frozenset(LINKS.sets)


def links_query(s: Sources, columns: Sequence[str]) -> str:
    """Delivered messages whose content holds a link, and those with a human click on it."""
    return _counted(LINKS, s, columns, _rows_in(LINKS))


OF_RESPONSES = frozenset(RESPONSES.sets)


def responses_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of sets of countable responses."""
    return _counted(RESPONSES, s, columns, _rows_in(RESPONSES))


OF_RESPONDERS = frozenset(("inbound_responders",))


def responders_query(s: Sources, columns: Sequence[str]) -> str:
    """People with a countable response in the span whom the campaign never contacted."""
    asked = f"cluster IN (SELECT cluster FROM {s.responses} WHERE {RESPONSES.where})"
    source = f"""
SELECT DISTINCT campaign_id, cluster FROM {s.responses} WHERE {RESPONSES.where}
    AND (campaign_id, cluster)
    NOT IN (SELECT campaign_id, cluster FROM ({audience(s, asked)}) WHERE {REACHED})"""
    return _select(columns, "count() AS inbound_responders", source, SCOPE)


OF_FOLLOWUPS = frozenset(("routed", "median", "p90", "followed_up"))


def followups_query(s: Sources, columns: Sequence[str]) -> str:
    """Minutes to the first follow-up of routed responses: recorded, a lead's contact, or a call."""
    source = f"""
SELECT r.campaign_id AS campaign_id, r.activity_id AS activity_id, r.channel AS channel,
    r.country AS country, r.region AS region, r.occurred_at AS occurred_at,
    arrayMin(arrayFilter(t -> t >= r.occurred_at AND t <= {{as_of:Int64}},
        [r.followup_at, l.contacted_at, toInt64(c.at)])) AS first,
    first > 0 AS followed, (first - r.occurred_at) / 60000 AS minutes
FROM (SELECT * FROM {s.responses} WHERE routed_to IN ('sales', 'service') AND routed_at > 0
    AND precision != 'day') AS r
LEFT JOIN (SELECT response_id, minIf(contacted_at, contacted_at > 0) AS contacted_at
    FROM {latest_copy("lead")} WHERE response_id != '' GROUP BY response_id
) AS l ON l.response_id = r.id
ASOF LEFT JOIN (SELECT if(k.cluster = '', j.person, k.cluster) AS cluster,
        toUnixTimestamp64Milli(j.occurred_at) AS at
    FROM (SELECT person, occurred_at FROM journal WHERE workspace = {{workspace:String}}
        AND type IN ('call.started', 'call.answered', 'call.completed') AND reason = 'out'
        AND NOT test AND {s.bound}) AS j
    LEFT JOIN (SELECT subject, argMax(cluster, since) AS cluster FROM {latest_copy("cluster")}
        GROUP BY subject) AS k ON k.subject = j.person
) AS c ON c.cluster = r.cluster AND c.at > r.occurred_at"""
    counts = ("count() AS routed, quantileExactIf(0.5)(minutes, followed) AS median, "
              "quantileExactIf(0.9)(minutes, followed) AS p90, "
              "countIf(followed) AS followed_up")  # fmt: skip
    return _select(columns, counts, source, RESPONSES.where)


OF_FORMS = frozenset((*FORMS.sets, "visits", "submissions"))


def forms_query(s: Sources, columns: Sequence[str]) -> str:
    """People who saw a form or sent it: of several forms of a campaign once."""
    people = [f"uniqExactIf(cluster, {sql}) AS {name}" for name, sql in FORMS.sets.items()]
    amounts = ["sum(visits) AS visits", "sum(submissions) AS submissions"]
    return _counted(FORMS, s, columns, ", ".join([*people, *amounts]))


OF_WEBINARS = frozenset(WEBINARS.sets)


def webinars_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of registrants."""
    return _counted(WEBINARS, s, columns, _rows_in(WEBINARS))


OF_MONEY = frozenset(("total_cost", "budget", "expected_revenue", "leads", "won", "won_revenue"))


def money_query(s: Sources, columns: Sequence[str]) -> str:
    """Cost, plan, leads and won revenue by campaign, in base currency."""
    source = f"""
SELECT c.id AS campaign_id, toFloat64(c.misc_cost) + a.cost AS total_cost,
    toFloat64(c.budget) AS budget, toFloat64(c.expected_revenue) AS expected_revenue,
    l.leads AS leads, o.won AS won, o.revenue AS won_revenue
FROM {latest_copy("campaign")} AS c
LEFT JOIN (SELECT campaign_id, toFloat64(sum(cost)) AS cost FROM {latest_copy("activity")}
    GROUP BY campaign_id) AS a ON a.campaign_id = c.id
LEFT JOIN (SELECT origin, count() AS leads FROM ({_LEADS}) GROUP BY origin
) AS l ON l.origin = c.id
LEFT JOIN (SELECT if(own != '', own, by_lead.origin) AS source, count() AS won,
        toFloat64(sum(won_value)) AS revenue
    FROM (SELECT {_origin("o")} AS own, o.lead_id AS lead_id, o.won_value AS won_value
        FROM (SELECT * FROM {latest_copy("opportunity")} WHERE state = 1) AS o
        LEFT JOIN {latest_copy("response")} AS r ON r.id = o.response_id) AS sales
    LEFT JOIN ({_LEADS}) AS by_lead ON by_lead.lead = sales.lead_id GROUP BY source
) AS o ON o.source = c.id"""
    counts = ("sum(total_cost) AS total_cost, sum(budget) AS budget, "
              "sum(expected_revenue) AS expected_revenue, sum(leads) AS leads, sum(won) AS won, "
              "sum(won_revenue) AS won_revenue")  # fmt: skip
    return _select(columns, counts, source, SCOPE)


def _origin(alias: str) -> str:
    return f"if({alias}.campaign_id != '', {alias}.campaign_id, r.campaign_id)"


_LEADS = (
    f"SELECT l.id AS lead, {_origin('l')} AS origin FROM {latest_copy('lead')} AS l "
    f"LEFT JOIN {latest_copy('response')} AS r ON r.id = l.response_id"
)
"""Leads and the campaigns they come from: an opportunity that names none comes from its lead's."""
