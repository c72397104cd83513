"""The journal as it lay at a moment: copied from the live one.

Views over the live tables would cost nothing to make, but they have no index of their own to cut
ranges by, and every query would look at what came later.
"""

from __future__ import annotations

from events.cursor import TOPICS, Cursor
from projections.past.cut import Between, Moment
from projections.past.kinds import kind_sql
from projections.stores.columns import Columns
from projections.stores.tables import GIVES_PAIR, JOURNAL_COPIES, UNDONE_ID

_JOURNALS = {"journal": "1", **JOURNAL_COPIES}
"""The journal's tables, and which events they have."""
_BESIDE = ("journal_undone", "journal_again")
_SPACE = 1_000_000  # more than there are partitions: topic and partition make one number
_PLACE = f"toUInt64(toUInt8(log_topic)) * {_SPACE} + log_partition"


def copy_journal(columns: Columns, live: str, moment: Moment) -> None:
    """Fill the journal's tables of an empty store from those of the database ``live``."""
    here = {"workspace": moment.workspace}
    mine = "workspace = {workspace:String}"
    happened = "1"
    if moment.as_of is not None:
        happened = f"toUnixTimestamp64Milli(occurred_at) <= {int(moment.as_of)}"
    known = f"{mine} AND {before(moment.cursor)}"
    if moment.step is not None:
        known += f" AND ({before(moment.step.since)} OR {_among(moment.step)})"
    # Events of which there are several copies: which stands depends on what was undone by then.
    several = " UNION ALL ".join(
        f"SELECT event_id FROM {live}.{name} WHERE {mine}" for name in _BESIDE
    )
    for name in _JOURNALS:
        columns.run(
            f"INSERT INTO {name} SELECT * FROM {live}.{name} "
            f"WHERE {known} AND {happened} AND event_id NOT IN ({several})",
            here,
        )
    copies = " UNION ALL ".join(
        f"SELECT * FROM {live}.{name} WHERE {known} AND event_id IN ({several})"
        for name in ("journal", *_BESIDE)
    )
    standing = (
        f"SELECT * FROM ({copies}) WHERE log_topic != 'facts' OR batch_id NOT IN ("
        f"SELECT {UNDONE_ID} FROM {live}.journal "
        f"WHERE type = 'batch.undone' AND {known}) "
        "ORDER BY log_partition, log_offset LIMIT 1 BY event_id"
    )
    for name, bound in _JOURNALS.items():
        columns.run(
            f"INSERT INTO {name} SELECT * FROM ({standing}) WHERE {happened} AND {bound}", here
        )
    columns.run(
        "INSERT INTO provider_message SELECT workspace, provider_ref, message_id "
        f"FROM journal_by_message WHERE {GIVES_PAIR}"
    )


def _among(step: Between) -> str:
    """The condition that what came later is of the kinds that are known."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted(step.kinds))
    return f"log_topic != 'derived' AND {kind_sql(step.then)} IN ({kinds})" if kinds else "0"


def before(until: Cursor) -> str:
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
