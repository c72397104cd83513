"""The events behind a row that a text makes from the journal: all that its text reads of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from projections.columns.arrow import names_table
from projections.columns.people import People
from projections.entities.forms import FORMS
from projections.entities.goals import goals_of
from projections.predicates import quote, to_sql
from projections.replay.replays import Step
from projections.stores.columns import Columns
from schemas.catalogue import Topic
from schemas.errors import NotFound

_FIELDS = (
    "SELECT toString(event_id) AS event_id, type, toUnixTimestamp64Milli(occurred_at) AS at, "
    "toString(log_topic) AS topic, log_partition, log_offset FROM {table} "
    "WHERE workspace = {{workspace:String}} AND {bound} "
    "ORDER BY occurred_at, event_id LIMIT 10000"
)
_OF_MESSAGE = (
    "message_key IN ({message:String}, (SELECT any(provider_ref) FROM provider_message "
    "WHERE workspace = {workspace:String} AND message_id = {message:String}))"
)
_OF_HIT = "event_id = toUUIDOrZero({event:String})"
_BY_PEOPLE = "person IN (SELECT name FROM $given)"
_FORM = f"{_BY_PEOPLE} AND type IN {FORMS} AND object_id = {{form:String}}"


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a generation's column tables; ``row`` is its key, as ``diff`` tells it."""

    columns: Columns
    generation: int
    workspace: str
    row: str


def events_of(place: Place, table: str) -> list[Step]:
    """The events that the text of a row's table reads for it.

    Raises ``NotFound``. Of more than 10,000 events, the first are told.
    """
    found = _READERS[table](place)
    if not found.num_rows:
        raise NotFound(f"The journal has no event of {table} {place.row[:80]!r}.")
    return [
        Step(
            one["event_id"], one["type"], one["at"],
            f"{Topic[one['topic'].upper()].value}/{one['log_partition']}/{one['log_offset']}", [],
        )
        for one in found.to_pylist()
    ]  # fmt: skip


def _message(place: Place) -> pa.Table:
    """Those of the message, also those that know it by its provider's id alone."""
    return _read(place, "journal_by_message", _OF_MESSAGE, message=place.row)


def _judgement(place: Place) -> pa.Table:
    """Those of the hit's message, or the hit alone where it has none."""
    message, _, event = place.row.rpartition("/")
    if message:
        return _read(place, "journal_by_message", _OF_MESSAGE, message=message)
    return _read(place, "journal", _OF_HIT, event=event)


def _form(place: Place) -> pa.Table:
    """What all who belong together did with the form, human or not."""
    form, _, cluster = place.row.partition("/")
    return _read(place, "journal_by_person", _FORM, _people(place, cluster), form=form)


def _reach(place: Place) -> pa.Table:
    """What all who belong together did that is the campaign's goal."""
    campaign, _, cluster = place.row.partition("/")
    goals = goals_of(place.columns, place.generation, place.workspace)
    bounds = [
        f"type = {quote(goal.event.type)} AND {to_sql(goal.event.where)}"
        for goal in goals
        if goal.campaign_id == campaign
    ]
    bound = f"{_BY_PEOPLE} AND ({' OR '.join(bounds) or '0'})"
    return _read(place, "journal_by_person", bound, _people(place, cluster))


_READERS: Mapping[str, Callable[[Place], pa.Table]] = {
    "message_row": _message, "judgement": _judgement, "form_row": _form, "reach_row": _reach,
}  # fmt: skip
TABLES = frozenset(_READERS)
"""The tables whose rows texts make."""


def _people(place: Place, cluster: str) -> pa.Table:
    people = People(place.columns, place.workspace, place.generation)
    return names_table(name=sorted(people.members({cluster})))


def _read(
    place: Place, table: str, bound: str, given: pa.Table | None = None, **names: str
) -> pa.Table:
    text = _FIELDS.format(table=table, bound=bound)
    return place.columns.query(text, {"workspace": place.workspace, **names}, given)
