"""Which generation readers see: one pointer for the whole set of projections."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import sqlalchemy as sa

from events.sql.tables import reading
from projections.stores.rows import GENERATION, POINTER, SET, active_generation
from schemas.errors import FormatUnknown

Versions = Mapping[str, int]
"""By projection, the version of its rules; of judgements also by workspace."""


def live_generation(rows: sa.Engine) -> int:
    """The generation that is read and kept up to date."""
    with reading(rows).begin() as connection:
        return pointed_generation(connection)


def pointed_generation(connection: sa.Connection) -> int:
    """The same, in a transaction with what is read of it."""
    found = active_generation(connection)
    if found is None:
        raise FormatUnknown("The row store has no generation.")
    return found


def point(connection: sa.Connection, generation: int) -> None:
    """Have readers see another generation, from the end of the transaction on."""
    mine = POINTER.c.name == SET
    connection.execute(POINTER.update().where(mine).values(generation=generation))


def versions_of(rows: sa.Engine, generation: int) -> Versions:
    """By which rules a generation is made; nothing where no record tells."""
    with reading(rows).begin() as connection:
        return versions_in(connection, generation)


def versions_in(connection: sa.Connection, generation: int) -> Versions:
    """The same, in a transaction with what is read of it."""
    query = sa.select(GENERATION.c.versions).where(GENERATION.c.number == generation)
    found = connection.execute(query).scalar_one_or_none()
    return {} if found is None else orjson.loads(found)
