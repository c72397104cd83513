"""How far a sink is: its cursor and its logical time, stored with what it wrote."""

from __future__ import annotations

import sqlalchemy as sa

from events.cursor import Cursor
from projections.stores.rows import CURSOR, MOMENT
from schemas.catalogue import Topic


def cursor_of(connection: sa.Connection, sink: str, generation: int) -> Cursor:
    """The next offsets a sink has to read."""
    rows = connection.execute(
        sa.select(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next).where(
            CURSOR.c.sink == sink, CURSOR.c.generation == generation
        )
    )
    return Cursor({(Topic(topic), partition): offset for topic, partition, offset in rows})


def set_cursor(connection: sa.Connection, sink: str, generation: int, cursor: Cursor) -> None:
    """Store where a sink stands; in the transaction of what it wrote."""
    connection.execute(
        CURSOR.delete().where(CURSOR.c.sink == sink, CURSOR.c.generation == generation)
    )
    rows = [
        {"sink": sink, "generation": generation, "topic": t.value, "partition": p, "next": offset}
        for (t, p), offset in cursor.items()
    ]
    if rows:
        connection.execute(CURSOR.insert(), rows)


def logical_time_of(connection: sa.Connection, sink: str, generation: int) -> int:
    """The logical time a sink has reached: recorded times of pages read, or a tick when idle."""
    found = connection.execute(
        sa.select(MOMENT.c.logical_time).where(
            MOMENT.c.sink == sink, MOMENT.c.generation == generation
        )
    )
    return found.scalar_one_or_none() or 0


def set_logical_time(connection: sa.Connection, sink: str, generation: int, moment: int) -> None:
    """Store the logical time of a sink."""
    connection.execute(
        MOMENT.delete().where(MOMENT.c.sink == sink, MOMENT.c.generation == generation)
    )
    connection.execute(
        MOMENT.insert(), {"sink": sink, "generation": generation, "logical_time": moment}
    )
