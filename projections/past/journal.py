"""The journal as it lay at a moment: copied from the live one.

Views over the live tables would cost nothing to make, but they have no index of their own to cut
ranges by, and every query would look at what came later.
"""

from __future__ import annotations

from events.cursor import TOPICS, Cursor
from projections.past.cut import Moment
from projections.stores.columns import Columns

_JOURNALS = ("journal", "journal_by_message", "journal_by_person")
_SPACE = 1_000_000  # more than there are partitions: topic and partition make one number
_PLACE = f"toUInt64(toUInt8(log_topic)) * {_SPACE} + log_partition"


def copy_journal(columns: Columns, live: str, moment: Moment) -> None:
    """Fill the journal's tables of an empty store from those of the database ``live``."""
    known = f"workspace = {{workspace:String}} AND {_before(moment.cursor)}"
    if moment.as_of is not None:
        known += f" AND toUnixTimestamp64Milli(occurred_at) <= {int(moment.as_of)}"
    here = {"workspace": moment.workspace}
    for name in _JOURNALS:
        columns.run(f"INSERT INTO {name} SELECT * FROM {live}.{name} WHERE {known}", here)
    columns.run(
        "INSERT INTO provider_message SELECT workspace, provider_ref, message_id "
        "FROM journal_by_message WHERE message_id != '' AND provider_ref != '' "
        "AND endsWith(type, '.sent')"
    )


def _before(until: Cursor) -> str:
    """The condition that a row's position lies before the cursor; made of numbers alone."""
    topics = {topic: number for number, topic in enumerate(TOPICS, 1)}
    places = {topics[t] * _SPACE + p: offset for (t, p), offset in until.items()}
    if not places:
        return "0"
    known, ends = (", ".join(map(str, numbers)) for numbers in (places, places.values()))
    return (
        f"log_offset < transform({_PLACE}, [{known}]::Array(UInt64), "
        f"[{ends}]::Array(UInt64), toUInt64(0))"
    )
