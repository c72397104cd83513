"""Later copies of facts, which lie aside: one stands when the fact that was kept is undone."""

from __future__ import annotations

import hashlib

from projections.stores.columns import Columns
from projections.stores.tables import GIVES_PAIR, JOURNAL_COLUMNS, JOURNAL_COPIES, UNDONE_ID

_NAMES = ", ".join(JOURNAL_COLUMNS)
_HERE = "workspace = {workspace:String}"
_ANY_AGAIN = f"SELECT event_id FROM journal_again WHERE {_HERE}"
# Of the later copies of facts that are undone, the first whose batch is not.
_STANDING = (
    f"SELECT {_NAMES} FROM journal_again WHERE {_HERE} "
    f"AND event_id IN (SELECT event_id FROM journal_undone WHERE {_HERE}) "
    f"AND event_id NOT IN (SELECT event_id FROM journal WHERE {_HERE} "
    f"AND event_id IN ({_ANY_AGAIN})) "
    f"AND batch_id NOT IN (SELECT {UNDONE_ID} FROM journal "
    f"WHERE {_HERE} AND type = 'batch.undone') "
    "ORDER BY log_partition, log_offset LIMIT 1 BY event_id"
)
_ORDERS = {
    **{name: (_NAMES, bound) for name, bound in JOURNAL_COPIES.items()},
    "provider_message": ("workspace, provider_ref, message_id", GIVES_PAIR),
    "journal": (_NAMES, "1"),
}
"""The journal in all its orders; itself last, since what it has no copy stands for any more."""
_PLACE = "event_id, log_topic, log_partition, log_offset"
_STAND = (
    f"DELETE FROM journal_again WHERE {_HERE} AND ({_PLACE}) IN ("
    f"SELECT {_PLACE} FROM journal WHERE {_HERE} AND event_id IN ({_ANY_AGAIN}))"
)


class LaterCopies:
    """Puts copies into the journal of one column store."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def let_stand(self, workspace: str, token: str) -> None:
        """Put copies in the places of facts that are undone."""
        here = {"workspace": workspace}
        once = hashlib.sha256(f"{token} {workspace}".encode()).hexdigest()[:32]
        for table, (names, bound) in _ORDERS.items():
            self._columns.run(
                f"INSERT INTO {table} ({names}) SETTINGS insert_deduplication_token = '{once}', "
                f"max_threads = 1, max_insert_threads = 1 SELECT {names} FROM ({_STANDING}) "
                f"WHERE {bound} ORDER BY log_partition, log_offset",
                here,
            )
        self._columns.run(_STAND, here)
