"""A person's journey: every event of everyone in the cluster, in the order of data time (M25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from events.cursor import Cursor
from events.sql.tables import reading
from projections.columns.arrow import names_table
from projections.columns.journal import TOPICS_BY_NAME
from projections.columns.people import People
from projections.entities.notices import VERDICT_AS_OF, VERDICT_NOW
from projections.past.building import Stores
from projections.reading.whose import root_of
from projections.stores.tables import latest_copy
from schemas.envelope import Position
from schemas.instants import Precision, to_datetime
from schemas.views import JourneyItem


@dataclass(frozen=True, slots=True)
class Step:
    """One item with the moment it is ordered by."""

    at: int
    item: JourneyItem


def journey_rows(
    at: Stores,
    workspace: str,
    record: str,
    as_of: int | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Step]:
    """The next items behind ``after``. Verdicts themselves are no steps: they stand beside hits.

    A visitor may have been several persons: only what happened while it was this one counts. Of a
    record that is merged it is the journey of the one that stands for it.
    """
    with reading(at.rows).begin() as rows:
        cluster = root_of(rows, at.generation, workspace, record)
    people = People(at.columns, workspace, at.generation)
    members = people.members(people.clusters({cluster}))
    last, event_id = after if after is not None else (-(2**62), "")
    verdict = VERDICT_NOW if as_of is None else VERDICT_AS_OF
    rows = at.columns.query(
        f"""
SELECT toString(j.event_id) AS event_id, j.type AS type, j.channel AS channel, j.at AS at,
    toUnixTimestamp64Milli(j.recorded_at) AS recorded_at, toString(j.precision) AS precision,
    j.person AS person, if(j.campaign_id != '', j.campaign_id, a.campaign_id) AS campaign_id,
    j.activity AS activity_id, j.message_id AS message_id, j.link_id AS link_id,
    toString({verdict}) AS verdict, v.reasons AS reasons, j.reason AS reason,
    toString(j.log_topic) AS topic, j.log_partition AS log_partition, j.log_offset AS log_offset
FROM (SELECT e.*, if(e.activity_id != '', e.activity_id, m_activity) AS activity
    FROM (SELECT *, toUnixTimestamp64Milli(occurred_at) AS at FROM journal_by_person
        WHERE workspace = {{workspace:String}} AND person IN (SELECT name FROM $given)
        AND type != 'interaction.judged') AS e
    LEFT JOIN (SELECT message_id AS m_message, activity_id AS m_activity FROM message_row FINAL
        WHERE generation = {{generation:UInt32}} AND workspace = {{workspace:String}}
        AND person IN (SELECT name FROM $given)) AS m ON m_message = e.message_id) AS j
ASOF LEFT JOIN (SELECT subject, since, cluster FROM {latest_copy("cluster")}) AS c
    ON c.subject = j.person AND c.since <= j.at
LEFT JOIN (SELECT id, campaign_id FROM {latest_copy("activity")}) AS a ON a.id = j.activity
LEFT JOIN (SELECT event_id, verdict, reasons, turns_at, turns_to FROM judgement FINAL
    WHERE generation = {{generation:UInt32}} AND workspace = {{workspace:String}}
    AND person IN (SELECT name FROM $given)) AS v ON v.event_id = j.event_id
WHERE if(c.cluster = '', j.person, c.cluster) = {{cluster:String}}
    AND at <= {{as_of:Int64}} AND (at, event_id) > ({{last:Int64}}, {{event_id:String}})
ORDER BY at, event_id LIMIT {{limit:UInt32}}""",
        {
            "workspace": workspace,
            "generation": at.generation,
            "cluster": cluster,
            "as_of": 2**62 if as_of is None else as_of,
            "last": last,
            "event_id": event_id,
            "limit": limit,
        },
        names_table(name=sorted(members)),
    ).to_pylist()
    return [Step(row["at"], _item(row)) for row in rows]


def _item(row: dict[str, Any]) -> JourneyItem:
    position = Position(TOPICS_BY_NAME[row["topic"]], row["log_partition"], row["log_offset"])
    judged = row["verdict"] != "unjudged"
    return JourneyItem(
        event_id=UUID(row["event_id"]),
        type=row["type"],
        channel=row["channel"],
        occurred_at=to_datetime(row["at"]),
        precision=Precision(row["precision"]).value,
        recorded_at=to_datetime(row["recorded_at"]),
        subject=row["person"],
        campaign_id=_id(row["campaign_id"]),
        activity_id=_id(row["activity_id"]),
        message_id=_id(row["message_id"]),
        link_id=row["link_id"] or None,
        verdict=row["verdict"] if judged else None,
        reasons=list(row["reasons"]),
        detail=row["reason"],
        position=Cursor.after([position]).encode(),
    )


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None
