"""Which events a partial replay is of, found in the journal by its own order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from projections.columns.arrow import names_table
from projections.columns.journal import TOPIC_NAMES
from projections.columns.people import People
from projections.replay.replays import Choice, Share
from projections.stores.columns import Columns, Parameters
from projections.stores.tables import latest_copy
from schemas.envelope import Position
from schemas.errors import Fault, InvalidInput

_PLACE = "toUInt8(log_topic), log_partition, log_offset"
# Told by the journal alone: rows that were derived may be what is wrong.
_NAMES_IT = (
    f"(campaign_id = {{campaign:String}} OR activity_id IN (SELECT id FROM "
    f"{latest_copy('activity')} WHERE campaign_id = {{campaign:String}}))"
)
_MESSAGES = (
    "SELECT message_id FROM journal_by_message WHERE workspace = {workspace:String} "
    f"AND message_id != '' AND {_NAMES_IT}"
)
_TO_MESSAGES = (
    f"(message_key IN ({_MESSAGES}) OR message_key IN (SELECT provider_ref FROM provider_message "
    f"WHERE workspace = {{workspace:String}} AND message_id IN ({_MESSAGES})))"
)
# Verdicts name the hits that they are on.
_OF_CAMPAIGN = (
    f"({_NAMES_IT} OR {_TO_MESSAGES} OR (type = 'interaction.judged' AND causation_id IN ("
    "SELECT event_id FROM journal_by_message WHERE workspace = {workspace:String} "
    f"AND {_TO_MESSAGES})))"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice as SQL: the table whose order finds it fastest, and the conditions."""

    table: str
    where: str
    parameters: Parameters
    given: pa.Table | None


def chosen(columns: Columns, generation: int, choice: Choice) -> Chosen:
    """Find out what a choice means. Raises ``InvalidInput``."""
    if (choice.contact or choice.campaign) and not choice.workspace:
        detail = "A contact and a campaign are of a workspace: name it too."
        raise InvalidInput(detail, (Fault("/workspace", detail),))
    parameters: dict[str, str | int] = {
        "generation": generation,
        "workspace": choice.workspace,
        "campaign": choice.campaign,
        "since": choice.since or 0,
        "until": choice.until or 0,
        **{f"type_{n}": name for n, name in enumerate(choice.types)},
    }
    bounds = ["1"]
    given = None
    if choice.workspace:
        bounds.append("workspace = {workspace:String}")
    if choice.types:
        bounds.append(f"type IN ({', '.join(f'{{type_{n}:String}}' for n in _range(choice))})")
    if choice.campaign:
        bounds.append(_OF_CAMPAIGN)
    if choice.contact:
        people = People(columns, choice.workspace, generation)
        members = people.members(people.clusters({choice.contact}))
        given = names_table(name=sorted(members))
        bounds.append("person IN (SELECT name FROM $given)")
    if choice.since is not None:
        bounds.append("toUnixTimestamp64Milli(occurred_at) >= {since:Int64}")
    if choice.until is not None:
        bounds.append("toUnixTimestamp64Milli(occurred_at) < {until:Int64}")
    if choice.first is not None:
        bounds.append(_between(choice.first, choice.last))
    table = "journal_by_person" if choice.contact else "journal"
    return Chosen(table, " AND ".join(bounds), parameters, given)


def shares_of(columns: Columns, one: Chosen) -> list[Share]:
    """How many events of which type are chosen."""
    found = columns.query(
        f"SELECT type, count() AS events, sum(length(data)) AS size FROM {one.table} "
        f"WHERE {one.where} GROUP BY type ORDER BY events DESC, type",
        one.parameters,
        one.given,
    )
    return [Share(**row) for row in found.to_pylist()]


def portion_of(columns: Columns, one: Chosen, after: str, limit: int) -> Sequence[dict[str, Any]]:
    """The next rows of the journal behind a mark, in the order of their places."""
    found: Sequence[dict[str, Any]] = columns.query(
        f"SELECT *, toUInt8(log_topic) AS topic_number FROM {one.table} "
        f"WHERE {one.where} AND ({_PLACE}) > ({_read_mark(after)}) "
        f"ORDER BY {_PLACE} LIMIT {int(limit)}",
        one.parameters,
        one.given,
    ).to_pylist()
    return found


def mark_of(row: dict[str, Any]) -> str:
    """Where to go on behind a row."""
    return f"{row['topic_number']}/{row['log_partition']}/{row['log_offset']}"


def _read_mark(text: str) -> str:
    numbers = (text or "0/0/0").split("/")
    if len(numbers) != 3 or not all(one.isascii() and one.isdigit() for one in numbers):
        detail = "Send the place that the command told, as it was told."
        raise InvalidInput("The place to go on from cannot be read.", (Fault("/after", detail),))
    return ", ".join(str(int(one)) for one in numbers)


def _between(first: Position, last: int | None) -> str:
    end = first.offset if last is None else last
    return (
        f"log_topic = '{TOPIC_NAMES[first.topic]}' AND log_partition = {int(first.partition)} "
        f"AND log_offset >= {int(first.offset)} AND log_offset <= {int(end)}"
    )


def _range(choice: Choice) -> range:
    return range(len(choice.types))
