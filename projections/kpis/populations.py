"""Whom KPIs count: the entities of each kind, and their sets.

A set is a condition, so the same text counts its members and lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from projections.kpis.definitions import MESSAGE_SETS, RESPONSE_SETS, WINDOW_DAYS
from projections.kpis.sources import Sources
from projections.stores.tables import latest_copy

_WINDOW = WINDOW_DAYS * 86_400_000
SCOPE = "({campaign:String} = '' OR campaign_id = {campaign:String})"
"""The campaign that is asked about, if one is."""
_TIME_GROUPS = {"day": "toDate", "week": "toMonday", "month": "toStartOfMonth"}
_MESSAGE_GROUPS = {
    "campaign": "campaign_id", "activity": "activity_id", "channel": "channel", "line": "line",
}  # fmt: skip
RESPONSE_GROUPS = {
    "campaign": "campaign_id", "activity": "activity_id", "channel": "channel",
    "country": "country", "region": "region",
}  # fmt: skip
OWN_GROUPS = {"campaign": "campaign_id"}


@dataclass(frozen=True, slots=True)
class Population:
    """Entities of one kind, each named by the columns of its ``key``, with their sets.

    ``behind`` is the column of that to which the events behind an entity happened. The span that is
    asked for bounds ``time``.
    """

    source: Callable[[Sources], str]
    sets: Mapping[str, str]
    key: tuple[str, ...]
    behind: str
    groups: Mapping[str, str]
    time: str = "cohort_at"

    @property
    def where(self) -> str:
        """What bounds the entities to the campaign and the span that are asked for."""
        return f"{SCOPE} AND {self.time} >= {{since:Int64}} AND {self.time} < {{until:Int64}}"


def group_columns(
    names: Sequence[str], known: Mapping[str, str], time: str | None = None
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


_ACTIVITIES = f"(SELECT * FROM {latest_copy('activity')} WHERE {SCOPE})"
"""The activities that are asked about: messages of others are not even read."""


def audience(s: Sources, wanted: str = "1") -> str:
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
FROM ({audience(s)}) AS m
LEFT JOIN (SELECT id AS c_id, goal_event AS c_goal FROM {latest_copy("campaign")}
) AS c ON c_id = m.campaign_id
LEFT JOIN (SELECT campaign_id AS r_campaign, message_id AS r_message FROM {s.reach}) AS r
    ON r_campaign = m.campaign_id AND r_message = m.message_id
LEFT JOIN (SELECT campaign_id AS p_campaign, cluster AS p_cluster, count() AS p_responses,
    countIf(code = 'interested') AS p_positive FROM {s.responses}
    GROUP BY campaign_id, cluster
) AS p ON p_campaign = m.campaign_id AND p_cluster = m.cluster"""


def _links(s: Sources) -> str:
    """The links of delivered messages, and which of them a human followed in time."""
    return f"""
SELECT m.*, arrayJoin(arrayDistinct(e_links)) AS link, indexOf(m.links, link) AS place,
    place > 0 AND m.links_at[place] < m.cohort_at + {_WINDOW} AS hit
FROM ({audience(s)}) AS m INNER JOIN (
    SELECT entry_id AS e_id, links AS e_links FROM {latest_copy("entry")}
    WHERE registry = 'content_version'
) AS e ON e_id = if(m.content_version_id != '', m.content_version_id, m.planned_content)
WHERE m.in_audience AND m.state = 'delivered'"""


def _forms(s: Sources) -> str:
    """People who saw a form or sent it, by the day of the first sight."""
    return f"""
SELECT f.form_id AS form_id, f.cluster AS cluster, f.visits AS visits,
    f.submissions AS submissions, e.campaign_id AS campaign_id, f.submitted_at AS submitted_at,
    if(f.visited_at = 0 OR (f.submitted_at > 0 AND f.submitted_at < f.visited_at),
        f.submitted_at, f.visited_at) AS cohort_at
FROM {s.forms} AS f LEFT JOIN (
    SELECT entry_id, campaign_id FROM {latest_copy("entry")} WHERE registry = 'form'
) AS e ON e.entry_id = f.form_id"""


def _webinars(s: Sources) -> str:
    """Registrants by webinar: the later of registered and canceled decides."""
    return f"""
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


_REGISTERED = "last_word = 'webinar.registered'"
REACHED = f"in_audience AND {MESSAGE_SETS['delivered']}"
"""Messages that reached somebody."""

MESSAGES = Population(
    audience,
    {name: f"in_audience AND {sql}" for name, sql in MESSAGE_SETS.items()},
    ("message_id",),
    "message_id",
    _MESSAGE_GROUPS,
)
PEOPLE = Population(
    _messages,
    {f"{name}_p": sql for name, sql in MESSAGES.sets.items()},
    ("cluster",),
    "message_id",
    _MESSAGE_GROUPS,
)
"""Who got several messages, also of several campaigns, counts once."""
CONTACTED = Population(
    _messages,
    {
        "contacted_people": REACHED,
        "responding_people": f"{REACHED} AND responded",
        "positive_people": f"{REACHED} AND responded_well",
        "goal_contacted_people": f"{REACHED} AND has_goal",
        "goal_people": f"{REACHED} AND has_goal AND reached",
    },
    ("campaign_id", "cluster"),
    "message_id",
    _MESSAGE_GROUPS,
)
"""People of a campaign: who is of two campaigns counts twice."""
LINKS = Population(
    _links,
    {"link_delivered": "1", "link_clicked": "hit"},
    ("message_id", "link"),
    "message_id",
    {**_MESSAGE_GROUPS, "link": "link"},
)
RESPONSES = Population(
    lambda s: f"SELECT * FROM {s.responses}",
    RESPONSE_SETS,
    ("id",),
    "id",
    RESPONSE_GROUPS,
    time="occurred_at",
)
FORMS = Population(
    _forms,
    {
        "visitors": "1",
        "submitters": f"submitted_at > 0 AND submitted_at < cohort_at + {_WINDOW}",
    },
    ("cluster",),
    "form_id",
    {"campaign": "campaign_id", "form": "form_id", "channel": "'web_form'"},
)
WEBINARS = Population(
    _webinars,
    {
        "registered": _REGISTERED,
        "attended": f"{_REGISTERED} AND came",
        "no_shows": f"{_REGISTERED} AND NOT came",
    },
    ("webinar_id", "registrant"),
    "webinar_id",
    OWN_GROUPS,
)
POPULATIONS = (MESSAGES, PEOPLE, CONTACTED, LINKS, RESPONSES, FORMS, WEBINARS)
