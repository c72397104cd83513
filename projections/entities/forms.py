"""One row per form and person: when it was first seen and sent by a human, and how often."""

from __future__ import annotations

from projections.entities.notices import JUDGEMENT, VERDICT_NOW
from projections.entities.order import EVERYONE, journal_for
from projections.stores.tables import latest_copy

FORMS = ("form.visited", "form.submitted")
_FORMS = f"type IN {FORMS}"


def forms_sql(
    persons: str, clusters: str, verdict: str = VERDICT_NOW, bound: str = "1",
    judged: str = JUDGEMENT, whose: str = "1",
) -> str:  # fmt: skip
    """The rows of forms by cluster. ``persons`` is a condition on ``j.person``, or 1.

    The cluster of a visitor is the one in force at the moment of each event (R30). A browser may
    have belonged to several, so ``clusters`` keeps out those of which not all members are asked.
    ``whose`` is a condition on ``subject`` that bounds whose clusters are read.
    """
    return f"""
SELECT {{generation:UInt32}} AS generation, {{workspace:String}} AS workspace,
    object_id AS form_id, cluster,
    minIf(at, type = 'form.visited') AS visited_at,
    minIf(at, type = 'form.submitted') AS submitted_at,
    countIf(type = 'form.visited') AS visits, countIf(type = 'form.submitted') AS submissions,
    {{version:UInt64}} AS version, false AS deleted
FROM (
    SELECT j.object_id AS object_id, j.type AS type, j.at AS at,
        if(c.cluster = '', j.person, c.cluster) AS cluster
    FROM (SELECT object_id, type, person, toUnixTimestamp64Milli(occurred_at) AS at
        FROM {journal_for(persons)} AS j
        WHERE workspace = {{workspace:String}} AND {_FORMS}
        AND NOT test AND {persons} AND {bound}
        AND event_id IN ({_human(verdict, judged, persons)})) AS j
    ASOF LEFT JOIN (SELECT subject, since, cluster FROM {latest_copy("cluster", whose)}) AS c
        ON c.subject = j.person AND c.since <= j.at
) WHERE {clusters} GROUP BY form_id, cluster
"""


def _human(verdict: str, judged: str, persons: str) -> str:
    """The events of forms that a human did; where some persons are asked for, theirs."""
    theirs = (
        "1" if persons == EVERYONE
        else f"event_id IN (SELECT event_id FROM journal_by_person AS j "
             f"WHERE workspace = {{workspace:String}} AND {persons} AND {_FORMS})"
    )  # fmt: skip
    return f"""
SELECT event_id FROM {judged}
WHERE generation = {{generation:UInt32}} AND workspace = {{workspace:String}} AND message_key = ''
    AND event_{_FORMS} AND toString({verdict}) = 'human' AND {theirs}"""
