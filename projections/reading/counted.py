"""Whom a KPI counts, each with the events that made it so (the ``why`` of a figure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from events.cursor import Cursor
from events.sql.tables import reading
from projections.columns.arrow import names_table
from projections.columns.journal import TOPICS_BY_NAME
from projections.columns.pairs import message_pairs, pairs_table
from projections.columns.people import People
from projections.entities.notices import VERDICT_AS_OF
from projections.folds.responses.document import ResponseDoc
from projections.kpis import populations
from projections.kpis.counted import Member, population_of
from projections.kpis.populations import Population
from projections.kpis.report import END_OF_TIME
from projections.past.building import Stores
from projections.stores.columns import Parameters
from projections.stores.rows import RESPONSE
from schemas.envelope import Position
from schemas.instants import to_datetime
from schemas.kpis import Counted, CountedEvent, CountedQuery

_MOST_EVENTS = 50
_SHOWN_AS = {
    "cluster": "person", "link": "link_id", "id": "response_id", "registrant": "registrant_id",
}  # fmt: skip
_EVENT = (
    "toString(j.event_id) AS event_id, j.type AS type, j.message_key AS message_key, "
    "toUnixTimestamp64Milli(j.occurred_at) AS at, toString(j.log_topic) AS topic, "
    "j.log_partition AS log_partition, j.log_offset AS log_offset"
)
_HERE = (
    "j.workspace = {workspace:String} AND j.log_topic != 'derived' AND NOT j.test "
    "AND toUnixTimestamp64Milli(j.occurred_at) <= {as_of:Int64}"
)
_LAST = f"ORDER BY at, event_id LIMIT {_MOST_EVENTS} BY owner"

Event = dict[str, Any]
Owner = tuple[str, ...]


def with_events(
    at: Stores, workspace: str, query: CountedQuery, members: Sequence[Member]
) -> list[Counted]:
    """Members of the set that is asked about, with their events in the order of data time."""
    population, _ = population_of(query)
    if not members:
        return []
    asking = _Asking(at, workspace, END_OF_TIME if query.as_of is None else query.as_of)
    events = _FINDERS[population.behind](asking, members)
    verdicts = asking.verdicts([event for some in events.values() for event in some])
    return [
        Counted(
            **_named(population, member),
            events=[_shown(event, verdicts) for event in events.get(member.key, [])],
        )
        for member in members
    ]


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where events are looked for, and up to which moment of data time."""

    at: Stores
    workspace: str
    as_of: int

    def query(self, sql: str, **given: Sequence[str]) -> list[Event]:
        """Rows of events, the first of each owner."""
        here: Parameters = {"workspace": self.workspace, "as_of": self.as_of}
        found: list[Event] = self.at.columns.query(sql, here, names_table(**given)).to_pylist()
        return found

    def verdicts(self, events: Sequence[Event]) -> dict[str, str]:
        """The verdicts that stand on events, or stood."""
        if not events:
            return {}
        found = self.at.columns.query(
            f"SELECT toString(v.event_id) AS event_id, toString({VERDICT_AS_OF}) AS verdict "
            "FROM judgement AS v FINAL WHERE generation = {generation:UInt32} "
            "AND workspace = {workspace:String} AND message_key IN (SELECT key FROM $given) "
            "AND event_id IN (SELECT toUUID(event) FROM $given)",
            {
                "generation": self.at.generation,
                "workspace": self.workspace,
                "as_of": self.as_of,
            },
            names_table(
                key=[one["message_key"] for one in events],
                event=[one["event_id"] for one in events],
            ),
        )
        return {row["event_id"]: row["verdict"] for row in found.to_pylist()}


def _of_messages(asking: _Asking, members: Sequence[Member]) -> dict[Owner, list[Event]]:
    messages = {message for member in members for message in member.behind}
    pairs = pairs_table(message_pairs(asking.at.columns, asking.workspace, messages))
    found = asking.query(
        f"SELECT k.message_id AS owner, {_EVENT} FROM journal_by_message AS j "
        "INNER JOIN (SELECT message_key, message_id FROM $given) AS k "
        f"ON k.message_key = j.message_key WHERE {_HERE} "
        f"AND j.message_key IN (SELECT message_key FROM $given) {_LAST}",
        message_key=pairs.column("message_key").to_pylist(),
        message_id=pairs.column("message_id").to_pylist(),
    )
    by_message = _by_owner((event["owner"], event) for event in found)
    return _by_owner(
        (member.key, event)
        for member in members
        for message in member.behind
        for event in by_message.get(message, [])
    )


def _of_responses(asking: _Asking, members: Sequence[Member]) -> dict[Owner, list[Event]]:
    """The interactions that a response was captured from, and the steps that people took on it."""
    mine = (
        RESPONSE.c.generation == asking.at.generation,
        RESPONSE.c.workspace == asking.workspace,
        RESPONSE.c.id.in_([name for member in members for name in member.behind]),
    )
    with reading(asking.at.rows).begin() as connection:
        rows = connection.execute(sa.select(RESPONSE.c.doc).where(*mine)).scalars()
        docs = [ResponseDoc.model_validate_json(doc) for doc in rows]
    sources: dict[str, list[Owner]] = {}
    for doc in docs:
        for event in doc.source_event_ids:
            sources.setdefault(str(event), []).append((str(doc.response_id),))
    names = [(doc.entity, str(event)) for doc in docs for event in doc.source_event_ids]
    told = [(doc.entity, str(doc.response_id)) for doc in docs]
    found = asking.query(
        f"SELECT '' AS owner, {_EVENT} FROM journal_by_person AS j WHERE {_HERE} "
        "AND j.person IN (SELECT person FROM $given) "
        "AND toString(j.event_id) IN (SELECT name FROM $given) ORDER BY at, event_id",
        person=[person for person, _ in names],
        name=[event for _, event in names],
    )
    found += asking.query(
        f"SELECT j.stream_id AS owner, {_EVENT} FROM journal_by_person AS j WHERE {_HERE} "
        "AND j.stream_kind = 'response' AND j.person IN (SELECT person FROM $given) "
        f"AND j.stream_id IN (SELECT name FROM $given) {_LAST}",
        person=[person for person, _ in told],
        name=[response for _, response in told],
    )
    return _by_owner(
        (owner, event)
        for event in found
        for owner in ([(event["owner"],)] if event["owner"] else sources[event["event_id"]])
    )


def _of_forms(asking: _Asking, members: Sequence[Member]) -> dict[Owner, list[Event]]:
    people = People(asking.at.columns, asking.workspace, asking.at.generation)
    subjects = {member.key: people.members({member.key[0]}) for member in members}
    owners = [(subject, member.key[0]) for member in members for subject in subjects[member.key]]
    found = asking.query(
        f"SELECT k.owner AS owner, j.object_id AS form, {_EVENT} FROM journal_by_person AS j "
        "INNER JOIN (SELECT person, owner FROM $given) AS k ON k.person = j.person "
        f"WHERE {_HERE} AND startsWith(j.type, 'form.') "
        f"AND j.person IN (SELECT person FROM $given) {_LAST}",
        person=[subject for subject, _ in owners],
        owner=[owner for _, owner in owners],
    )
    forms = {member.key: member.behind for member in members}
    return _by_owner(
        ((event["owner"],), event) for event in found if event["form"] in forms[event["owner"],]
    )


def _of_webinars(asking: _Asking, members: Sequence[Member]) -> dict[Owner, list[Event]]:
    found = asking.query(
        f"SELECT [j.object_id, JSONExtractString(j.data, 'registrant_id')] AS owner, {_EVENT} "
        f"FROM journal AS j WHERE {_HERE} AND startsWith(j.type, 'webinar.') "
        f"AND owner IN (SELECT [webinar, registrant] FROM $given) {_LAST}",
        webinar=[member.key[0] for member in members],
        registrant=[member.key[1] for member in members],
    )
    return _by_owner((tuple(event["owner"]), event) for event in found)


_FINDERS: Mapping[str, Callable[[_Asking, Sequence[Member]], dict[Owner, list[Event]]]] = {
    populations.MESSAGES.behind: _of_messages,
    populations.RESPONSES.behind: _of_responses,
    populations.FORMS.behind: _of_forms,
    populations.WEBINARS.behind: _of_webinars,
}


def _by_owner(found: Iterable[tuple[Any, Event]]) -> dict[Any, list[Event]]:
    events: dict[Any, list[Event]] = {}
    for owner, event in found:
        events.setdefault(owner, []).append(event)
    for some in events.values():
        some.sort(key=lambda event: (event["at"], event["event_id"]))
    return events


def _named(population: Population, member: Member) -> dict[str, Any]:
    """What a member is named by; a person without a campaign has none."""
    return {
        _SHOWN_AS.get(column, column): value
        for column, value in zip(population.key, member.key, strict=True)
    }


def _shown(event: Event, verdicts: Mapping[str, str]) -> CountedEvent:
    position = Position(TOPICS_BY_NAME[event["topic"]], event["log_partition"], event["log_offset"])
    return CountedEvent(
        event_id=event["event_id"],
        type=event["type"],
        occurred_at=to_datetime(event["at"]),
        verdict=verdicts.get(event["event_id"]),
        position=Cursor.after([position]).encode(),
    )
