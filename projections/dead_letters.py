"""What a sink could not apply, with its bytes, its error and its position."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from projections.page import Failure
from projections.stores.rows import DEAD_LETTER
from schemas.errors import Unreadable

TOO_MANY_IN_A_PAGE = 100


def bury(connection: sa.Connection, sink: str, failures: Sequence[Failure], now: int) -> None:
    """Store dead letters in the caller's transaction.

    Raises ``Unreadable`` when a page holds too many: then the program is at fault, not the events.
    """
    if len(failures) > TOO_MANY_IN_A_PAGE:
        raise Unreadable(
            f"{len(failures)} events of one page cannot be applied by {sink}; the first says: "
            f"{failures[0].error}"
        )
    for failure in failures:
        record = failure.record
        place = {
            "sink": sink,
            "topic": record.position.topic.value,
            "partition": record.position.partition,
            "offset": record.position.offset,
        }
        columns = DEAD_LETTER.c
        connection.execute(
            DEAD_LETTER.delete().where(*(columns[name] == value for name, value in place.items()))
        )
        connection.execute(
            DEAD_LETTER.insert(),
            {
                **place,
                "workspace": record.key.partition(":")[0],
                "event_id": str(record.event_id),
                "type": record.type,
                "head": record.head,
                "data": record.data,
                "error": failure.error[:2000],
                "first_failed_at": now,
                "solved": False,
            },
        )
