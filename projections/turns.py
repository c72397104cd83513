"""Taking turns at a workspace: what one worker concludes about it, another builds upon.

Where a store has one writer, its transactions are turns enough. On PostgreSQL a worker locks the
row of the workspace first; other workspaces go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from events.sql.bulk import insert_rows
from projections.stores.rows import TURN


def take_turn(
    connection: sa.Connection, sink: str, generation: int, workspaces: Iterable[str]
) -> None:
    """Until the transaction ends, no other worker is at these workspaces of a sink."""
    if connection.dialect.name == "sqlite":
        return
    names = sorted(workspaces)
    insert_rows(connection, TURN, [(sink, generation, name, 0) for name in names], "ignore")
    # In one order for all workers, so that none waits for one that waits for it.
    for name in names:
        connection.execute(
            sa.select(TURN.c.number).where(*_of(sink, generation, name)).with_for_update()
        )


@contextmanager
def numbered_turns(
    rows: sa.Engine, sink: str, generation: int, workspaces: Iterable[str], least: int
) -> Iterator[Mapping[str, int]]:
    """A turn at each workspace, and its number: greater than those before it, at least ``least``.

    What is read in a turn has all that turns with smaller numbers have written.
    """
    with rows.begin() as connection:
        names = sorted(workspaces)
        take_turn(connection, sink, generation, names)
        numbers = {name: _draw(connection, sink, generation, name, least) for name in names}
        if connection.dialect.name != "sqlite":
            yield numbers
            return
    yield numbers  # a lock held over the work would keep the only writer from its own


def _draw(connection: sa.Connection, sink: str, generation: int, workspace: str, least: int) -> int:
    insert_rows(connection, TURN, [(sink, generation, workspace, 0)], "ignore")
    mine = _of(sink, generation, workspace)
    before = connection.execute(sa.select(TURN.c.number).where(*mine)).scalar_one()
    number = max(int(before) + 1, least)
    connection.execute(TURN.update().where(*mine).values(number=number))
    return number


def _of(sink: str, generation: int, workspace: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (TURN.c.sink == sink, TURN.c.generation == generation, TURN.c.workspace == workspace)
