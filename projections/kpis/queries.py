"""The KPI queries: one per kind of entity, each counting its sets by group."""

from __future__ import annotations

from collections.abc import Sequence

from projections.kpis.definitions import MESSAGE_SETS, RESPONSE_SETS, WINDOW_DAYS
from projections.kpis.sources import Sources
from projections.stores.tables import latest_copy

_WINDOW = WINDOW_DAYS * 86_400_000
_SCOPE = "({campaign:String} = '' OR campaign_id = {campaign:String})"
_SPAN = "cohort_at >= {since:Int64} AND cohort_at < {until:Int64}"
_TIME_GROUPS = {"day": "toDate", "week": "toMonday", "month": "toStartOfMonth"}

MESSAGE_GROUPS = {
    "campaign": "campaign_id", "activity": "activity_id", "channel": "channel", "line": "line",
}  # fmt: skip
RESPONSE_GROUPS = {
    "campaign": "campaign_id", "activity": "activity_id", "channel": "channel",
    "country": "country", "region": "region",
}  # fmt: skip
FORM_GROUPS = {"campaign": "campaign_id", "form": "form_id", "channel": "'web_form'"}
OWN_GROUPS = {"campaign": "campaign_id"}


def group_columns(
    names: Sequence[str], known: dict[str, str], time: str | None = None
) -> list[str] | None:
    """The expressions to group by, as ``group_1`` and so on; None if the source lacks one."""
    columns = []
    for name in names:
        if name in _TIME_GROUPS and time:
            moment = f"fromUnixTimestamp64Milli(toInt64({time}), 'UTC')"
            columns.append(f"toString({_TIME_GROUPS[name]}({moment}))")
        elif name in known:
            columns.append(f"toString({known[name]})")
        else:
            return None
    return columns


def _select(columns: Sequence[str], counts: str, source: str, where: str) -> str:
    groups = [f"{column} AS group_{i}" for i, column in enumerate(columns)]
    tail = f" GROUP BY {', '.join(f'group_{i}' for i in range(len(columns)))}" if columns else ""
    return f"SELECT {', '.join([*groups, counts])} FROM ({source}) WHERE {where}{tail}"


_ACTIVITIES = f"(SELECT * FROM {latest_copy('activity')} WHERE {_SCOPE})"
"""The activities that are asked about: messages of others are not even read."""


def _audience(s: Sources, wanted: str = "1") -> str:
    """Messages with their campaign, and whether the audience has them.

    Joined columns get names of their own: ``m.*`` must not become ambiguous.
    """
    return f"""
SELECT m.*, a_campaign AS campaign_id, a_channel AS channel, a_content AS planned_content,
    (a_batch = '' OR has(m.batches, a_batch)) AS in_audience
FROM (SELECT * EXCEPT (generation, workspace, version, deleted) FROM {s.messages}
    WHERE NOT test AND activity_id IN (SELECT id FROM {_ACTIVITIES}) AND {wanted}) AS m
INNER JOIN (SELECT id AS a_id, campaign_id AS a_campaign, channel AS a_channel,
    pinned_batch AS a_batch, content_version_id AS a_content FROM {_ACTIVITIES}
) AS a ON a_id = m.activity_id"""


def _messages(s: Sources) -> str:
    """Messages with what is known of their campaign and of their person in it."""
    return f"""
SELECT m.*, c_goal != '' AS has_goal, r_message != '' AS reached,
    p_responses > 0 AS responded, p_positive > 0 AS responded_well
FROM ({_audience(s)}) AS m
LEFT JOIN (SELECT id AS c_id, goal_event AS c_goal FROM {latest_copy("campaign")}
) AS c ON c_id = m.campaign_id
LEFT JOIN (SELECT campaign_id AS r_campaign, message_id AS r_message FROM {s.reach}) AS r
    ON r_campaign = m.campaign_id AND r_message = m.message_id
LEFT JOIN (SELECT campaign_id AS p_campaign, cluster AS p_cluster, count() AS p_responses,
    countIf(code = 'interested') AS p_positive FROM {s.responses}
    GROUP BY campaign_id, cluster
) AS p ON p_campaign = m.campaign_id AND p_cluster = m.cluster"""


_REACHED = f"in_audience AND {MESSAGE_SETS['delivered']}"
_PEOPLE = {
    "contacted_people": _REACHED,
    "responding_people": f"{_REACHED} AND responded",
    "positive_people": f"{_REACHED} AND responded_well",
    "goal_contacted_people": f"{_REACHED} AND has_goal",
    "goal_people": f"{_REACHED} AND has_goal AND reached",
}
"""Sets of people of a campaign: who is of two campaigns counts twice."""

_AMOUNTS = {
    "outside_audience": "countIf(NOT in_audience)",
    "call_attempts": f"sumIf(call_attempts, {_REACHED})",
    "talk_seconds": f"sumIf(talk_seconds, {_REACHED})",
}


OF_MESSAGES = frozenset((*MESSAGE_SETS, *_AMOUNTS))
"""What ``messages_query`` counts; likewise below."""


def messages_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of message sets, and why some messages were blocked."""
    counts = [f"countIf(in_audience AND {sql}) AS {name}" for name, sql in MESSAGE_SETS.items()]
    counts += [f"{sql} AS {name}" for name, sql in _AMOUNTS.items()]
    blocks = "sumMapIf([toString(reason)], [toUInt64(1)], in_audience AND state = 'blocked')"
    counts += [f"{blocks}.1 AS reasons", f"{blocks}.2 AS reason_counts"]
    return _select(columns, ", ".join(counts), _audience(s), f"{_SCOPE} AND {_SPAN}")


OF_PEOPLE = frozenset((*(f"{name}_p" for name in MESSAGE_SETS), *_PEOPLE))


def people_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of people: those of a message set (``_p``), and the sets of people.

    What a person is of is one number of bits, first in each campaign, then altogether: a number for
    each of 2.5 million people where 29 counters took 1.6 GB and twice the time.
    """
    sets = {f"{name}_p": f"in_audience AND {sql}" for name, sql in MESSAGE_SETS.items()} | _PEOPLE
    bit = {name: 1 << place for place, name in enumerate(sets)}
    bits = " + ".join(f"{bit[name]} * toUInt8({sql})" for name, sql in sets.items())
    groups = [f"group_{i}" for i in range(len(columns))]
    lead = "".join(f"{sql} AS {name}, " for sql, name in zip(columns, groups, strict=True))
    alike = "".join(f"{name}, " for name in groups)
    by_both = (
        f"SELECT {lead}cluster, groupBitOr({bits}) AS here FROM ({_messages(s)}) "
        f"WHERE {_SCOPE} AND {_SPAN} GROUP BY {alike}campaign_id, cluster"
    )
    within = ", ".join(f"countIf(bitAnd(here, {bit[name]}) != 0) AS {name}" for name in _PEOPLE)
    by_person = (
        f"SELECT {alike}groupBitOr(here) AS anywhere, {within} FROM ({by_both}) "
        f"GROUP BY {alike}cluster"
    )
    last = [f"sum({name}) AS {name}" for name in _PEOPLE]
    last += [
        f"countIf(bitAnd(anywhere, {bit[name]}) != 0) AS {name}"
        for name in sets if name not in _PEOPLE
    ]  # fmt: skip
    tail = f" GROUP BY {', '.join(groups)}" if groups else ""
    return f"SELECT {alike}{', '.join(last)} FROM ({by_person}){tail}"


OF_LINKS = frozenset(("link_delivered", "link_clicked"))


def links_query(s: Sources, columns: Sequence[str]) -> str:
    """Delivered messages whose content holds a link, and those with a human click on it."""
    source = f"""
SELECT m.*, arrayJoin(arrayDistinct(e_links)) AS link, indexOf(m.links, link) AS place,
    place > 0 AND m.links_at[place] < m.cohort_at + {_WINDOW} AS hit
FROM ({_audience(s)}) AS m INNER JOIN (
    SELECT entry_id AS e_id, links AS e_links FROM {latest_copy("entry")}
    WHERE registry = 'content_version'
) AS e ON e_id = if(m.content_version_id != '', m.content_version_id, m.planned_content)
WHERE m.in_audience AND m.state = 'delivered'"""
    counts = "count() AS link_delivered, countIf(hit) AS link_clicked"
    return _select(columns, counts, source, f"{_SCOPE} AND {_SPAN}")


OF_RESPONSES = frozenset(RESPONSE_SETS)


def responses_query(s: Sources, columns: Sequence[str]) -> str:
    """Counts of sets of countable responses."""
    counts = ", ".join(f"countIf({sql}) AS {name}" for name, sql in RESPONSE_SETS.items())
    where = f"{_SCOPE} AND occurred_at >= {{since:Int64}} AND occurred_at < {{until:Int64}}"
    return _select(columns, counts, f"SELECT * FROM {s.responses}", where)


OF_RESPONDERS = frozenset(("inbound_responders",))


def responders_query(s: Sources, columns: Sequence[str]) -> str:
    """People with a countable response in the span whom the campaign never contacted."""
    span = "occurred_at >= {since:Int64} AND occurred_at < {until:Int64}"
    there = f"{span} AND {_SCOPE}"
    asked = f"cluster IN (SELECT cluster FROM {s.responses} WHERE {there})"
    source = f"""
SELECT DISTINCT campaign_id, cluster FROM {s.responses} WHERE {there} AND (campaign_id, cluster)
    NOT IN (SELECT campaign_id, cluster FROM ({_audience(s, asked)}) WHERE {_REACHED})"""
    return _select(columns, "count() AS inbound_responders", source, _SCOPE)


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
    where = f"{_SCOPE} AND occurred_at >= {{since:Int64}} AND occurred_at < {{until:Int64}}"
    return _select(columns, counts, source, where)


OF_FORMS = frozenset(("visitors", "submitters", "visits", "submissions"))


def forms_query(s: Sources, columns: Sequence[str]) -> str:
    """People who saw a form or sent it, by the day of the first sight."""
    source = f"""
SELECT f.form_id AS form_id, f.cluster AS cluster, f.visits AS visits,
    f.submissions AS submissions, e.campaign_id AS campaign_id, f.submitted_at AS submitted_at,
    if(f.visited_at = 0 OR (f.submitted_at > 0 AND f.submitted_at < f.visited_at),
        f.submitted_at, f.visited_at) AS cohort_at
FROM {s.forms} AS f LEFT JOIN (
    SELECT entry_id, campaign_id FROM {latest_copy("entry")} WHERE registry = 'form'
) AS e ON e.entry_id = f.form_id"""
    sent = f"submitted_at > 0 AND submitted_at < cohort_at + {_WINDOW}"
    counts = (f"uniqExact(cluster) AS visitors, uniqExactIf(cluster, {sent}) AS submitters, "
              "sum(visits) AS visits, sum(submissions) AS submissions")  # fmt: skip
    return _select(columns, counts, source, f"{_SCOPE} AND {_SPAN}")


OF_WEBINARS = frozenset(("registered", "attended", "no_shows"))


def webinars_query(s: Sources, columns: Sequence[str]) -> str:
    """Registrants by webinar: the later of registered and canceled decides."""
    source = f"""
SELECT w.*, e_campaign AS campaign_id FROM (
    SELECT object_id AS webinar_id, JSONExtractString(data, 'registrant_id') AS registrant,
        argMaxIf(type, (occurred_at, event_id),
            type IN ('webinar.registered', 'webinar.canceled')) AS last_word,
        countIf(type = 'webinar.attended') > 0 AS came,
        toUnixTimestamp64Milli(min(occurred_at)) AS cohort_at
    FROM journal WHERE workspace = {{workspace:String}} AND NOT test AND {s.bound} AND type IN
        ('webinar.registered', 'webinar.canceled', 'webinar.attended')
    GROUP BY webinar_id, registrant
) AS w LEFT JOIN (
    SELECT entry_id, campaign_id AS e_campaign FROM {latest_copy("entry")}
    WHERE registry = 'webinar'
) AS e ON entry_id = w.webinar_id"""
    there = "last_word = 'webinar.registered'"
    counts = (f"countIf({there}) AS registered, countIf({there} AND came) AS attended, "
              f"countIf({there} AND NOT came) AS no_shows")  # fmt: skip
    return _select(columns, counts, source, f"{_SCOPE} AND {_SPAN}")


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
    return _select(columns, counts, source, _SCOPE)


def _origin(alias: str) -> str:
    return f"if({alias}.campaign_id != '', {alias}.campaign_id, r.campaign_id)"


_LEADS = (
    f"SELECT l.id AS lead, {_origin('l')} AS origin FROM {latest_copy('lead')} AS l "
    f"LEFT JOIN {latest_copy('response')} AS r ON r.id = l.response_id"
)
"""Leads and the campaigns they come from: an opportunity that names none comes from its lead's."""
