"""How far a sink is: its cursor and its logical time, stored with what it wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from events.cursor import Cursor, Place
from events.sql.bulk import insert_rows
from projections.stores.rows import CURSOR, MOMENT
from schemas.catalogue import Topic
from schemas.errors import CursorGap

_MOVE = (
    CURSOR.update()
    .where(
        CURSOR.c.sink == sa.bindparam("of_sink"),
        CURSOR.c.generation == sa.bindparam("of_generation"),
        CURSOR.c.topic == sa.bindparam("of_topic"),
        CURSOR.c.partition == sa.bindparam("of_partition"),
        CURSOR.c.next == sa.bindparam("of_start"),
    )
    .values(next=sa.bindparam("to_next"))
)
_MOVE_IN_EPOCH = _MOVE.where(CURSOR.c.epoch == sa.bindparam("of_epoch"))


def cursor_of(connection: sa.Connection, sink: str, generation: int) -> Cursor:
    """The next offsets a sink has to read."""
    rows = connection.execute(
        sa.select(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next).where(
            CURSOR.c.sink == sink, CURSOR.c.generation == generation
        )
    )
    return Cursor({(Topic(topic), partition): offset for topic, partition, offset in rows})


def begin_places(
    connection: sa.Connection, sink: str, generation: int, places: Iterable[Place]
) -> None:
    """Have a row for each place, where a sink that has read nothing of it stands at 0."""
    rows = [(sink, generation, topic.value, partition, 0, 0) for topic, partition in places]
    insert_rows(connection, CURSOR, rows, "ignore")


def move_cursor(
    connection: sa.Connection,
    sink: str,
    generation: int,
    start: Cursor,
    end: Cursor,
    epochs: Mapping[Place, int] | None = None,
) -> None:
    """Move a sink from ``start`` to ``end``, in the transaction of what it wrote.

    ``epochs`` are those that the places are held in; without them any worker may move the sink.
    Raises ``CursorGap`` where it does not stand at ``start``, or a place is in another epoch.
    """
    moved = [place for place in end if end[place] != start[place]]
    begin_places(connection, sink, generation, [place for place in moved if not start[place]])
    for place in moved:
        values = {
            "of_sink": sink,
            "of_generation": generation,
            "of_topic": place[0].value,
            "of_partition": place[1],
            "of_start": start[place],
            "to_next": end[place],
        }
        statement = _MOVE
        if epochs is not None:
            statement, values = _MOVE_IN_EPOCH, {**values, "of_epoch": epochs[place]}
        if connection.execute(statement, values).rowcount != 1:
            raise CursorGap(
                f"The sink {sink} does not stand at {start[place]} of {place[0]} {place[1]}, or "
                "another worker has it."
            )


def check_epochs(
    connection: sa.Connection,
    sink: str,
    generation: int,
    start: Cursor,
    epochs: Mapping[Place, int],
) -> None:
    """Hold places where they stand until the transaction ends.

    Raises ``CursorGap`` where one is in another epoch, or does not stand at ``start``.
    """
    begin_places(connection, sink, generation, [p for p in epochs if not start[p]])
    places = [(topic.value, partition) for topic, partition in epochs]
    found = connection.execute(
        sa.select(CURSOR)
        .where(CURSOR.c.sink == sink, CURSOR.c.generation == generation)
        .where(sa.tuple_(CURSOR.c.topic, CURSOR.c.partition).in_(places))
        .order_by(CURSOR.c.topic, CURSOR.c.partition)
        .with_for_update()
    )
    stands = {(Topic(row.topic), row.partition): (row.next, row.epoch) for row in found}
    for place, epoch in epochs.items():
        if stands.get(place) != (start[place], epoch):
            raise CursorGap(
                f"The sink {sink} does not stand at {start[place]} of {place[0]} {place[1]}, or "
                "another worker has it."
            )


def logical_time_of(connection: sa.Connection, sink: str, generation: int) -> int:
    """The logical time a sink has reached: recorded times of pages read, or a tick when idle."""
    found = connection.execute(
        sa.select(MOMENT.c.logical_time).where(
            MOMENT.c.sink == sink, MOMENT.c.generation == generation
        )
    )
    return found.scalar_one_or_none() or 0


def advance_logical_time(
    connection: sa.Connection, sink: str, generation: int, moment: int
) -> None:
    """Store the logical time of a sink; it never falls."""
    insert_rows(connection, MOMENT, [(sink, generation, 0)], "ignore")
    mine = (MOMENT.c.sink == sink, MOMENT.c.generation == generation)
    connection.execute(
        MOMENT.update().where(*mine, MOMENT.c.logical_time < moment).values(logical_time=moment)
    )
