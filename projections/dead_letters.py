"""What a sink could not apply, with its bytes, its error and its position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa

from events.cursor import Place
from events.log import StoredRecord
from events.sql.tables import reading
from projections.page import Failure
from projections.stores.rows import DEAD_LETTER
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import NotFound, Unreadable

TOO_MANY_IN_A_PAGE = 100
_MOST_LISTED = 1000
_DIGITS = 18  # what a store takes for a whole number


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that one sink could not apply, where it lies, and why."""

    sink: str
    position: Position
    workspace: str
    event_id: str
    type: str
    error: str
    first_failed_at: int
    solved: bool

    @property
    def name(self) -> str:
        """What a person calls it by: ``sink/topic/partition/offset``."""
        topic, partition, offset = self.position
        return f"{self.sink}/{topic.value}/{partition}/{offset}"

    @classmethod
    def of(cls, row: Any) -> Self:
        """The letter that a row of the store is."""
        position = Position(Topic(row.topic), row.partition, row.offset)
        return cls(row.sink, position, row.workspace, row.event_id, row.type, row.error,
                   row.first_failed_at, row.solved)  # fmt: skip


def letters(rows: sa.Engine, *, solved: bool = False) -> list[Letter]:
    """The letters that wait, or those that were solved; the oldest first, a thousand at most."""
    c = DEAD_LETTER.c
    query = sa.select(DEAD_LETTER).where(c.solved == solved)
    ordered = query.order_by(c.first_failed_at, c.sink, c.topic, c.partition, c.offset)
    with reading(rows).begin() as connection:
        return [Letter.of(row) for row in connection.execute(ordered.limit(_MOST_LISTED))]


def letter_named(rows: sa.Engine, name: str) -> Letter:
    """The letter of a name. Raises ``NotFound``."""
    with reading(rows).begin() as connection:
        parts = name.split("/")
        c = DEAD_LETTER.c
        found = None
        if len(parts) == 4 and _is_number(parts[2]) and _is_number(parts[3]):
            query = sa.select(DEAD_LETTER).where(
                c.sink == parts[0], c.topic == parts[1], c.partition == int(parts[2]),
                c.offset == int(parts[3]),
            )  # fmt: skip
            found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFound(f"There is no dead letter {name[:100]!r}. dead-letter list names all.")
    return Letter.of(found)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS


def buried(
    connection: sa.Connection, sink: str, place: Place, start: int, end: int
) -> list[StoredRecord]:
    """The records of [start, end) that wait as letters of a sink."""
    topic, partition = place
    c = DEAD_LETTER.c
    query = sa.select(DEAD_LETTER).where(
        c.sink == sink, c.topic == topic.value, c.partition == partition,
        c.offset >= start, c.offset < end, ~c.solved,
    )  # fmt: skip
    return [
        StoredRecord(
            Position(topic, partition, row.offset), row.recorded_at, row.key, UUID(row.event_id),
            row.type, row.head, row.data,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def solve(connection: sa.Connection, sink: str, position: Position) -> None:
    """Mark a letter as solved, in the transaction of what was written of it, or after it."""
    c = DEAD_LETTER.c
    topic, partition, offset = position
    connection.execute(
        DEAD_LETTER.update()
        .where(c.sink == sink, c.topic == topic.value, c.partition == partition, c.offset == offset)
        .values(solved=True)
    )


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
        mine = [columns[name] == value for name, value in place.items()]
        first = connection.execute(sa.select(columns.first_failed_at).where(*mine)).scalar()
        connection.execute(DEAD_LETTER.delete().where(*mine))
        connection.execute(
            DEAD_LETTER.insert(),
            {
                **place,
                "workspace": record.key.partition(":")[0],
                "event_id": str(record.event_id),
                "type": record.type,
                "head": record.head,
                "data": record.data,
                "key": record.key,
                "recorded_at": record.recorded_at,
                "error": failure.error[:2000],
                "first_failed_at": first or now,
                "solved": False,
            },
        )
