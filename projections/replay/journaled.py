"""The events behind a row that a text makes from the journal: all that its text reads of it."""

from __future__ import annotations

from projections.replay.replays import Step
from projections.stores.columns import Columns
from schemas.catalogue import Topic
from schemas.errors import NotFound

TABLES = frozenset(("message_row", "judgement"))
"""Tables whose rows are of one message."""

_EVENTS = (
    "SELECT toString(event_id) AS event_id, type, toUnixTimestamp64Milli(occurred_at) AS at, "
    "toString(log_topic) AS topic, log_partition, log_offset FROM journal_by_message "
    "WHERE workspace = {workspace:String} AND message_key IN ({message:String}, "
    "(SELECT any(provider_ref) FROM provider_message WHERE workspace = {workspace:String} "
    "AND message_id = {message:String})) ORDER BY occurred_at, event_id LIMIT 10000"
)


def events_of(columns: Columns, table: str, workspace: str, row: str) -> list[Step]:
    """The events of the row's message, also those that know it by its provider's id alone.

    Raises ``NotFound``. Of messages with more than 10,000 events, the first are told.
    """
    message = row.rpartition("/")[0] if table == "judgement" else row
    found = columns.query(_EVENTS, {"workspace": workspace, "message": message}).to_pylist()
    if not found:
        raise NotFound(f"The journal has no event of message {message[:60]!r}.")
    return [
        Step(
            one["event_id"], one["type"], one["at"],
            f"{Topic[one['topic'].upper()].value}/{one['log_partition']}/{one['log_offset']}", [],
        )
        for one in found
    ]  # fmt: skip
