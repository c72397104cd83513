"""Which generation readers see: one pointer for the whole set of projections."""

from __future__ import annotations

import sqlalchemy as sa

from events.sql.tables import reading
from projections.stores.rows import active_generation
from schemas.errors import FormatUnknown


def live_generation(rows: sa.Engine) -> int:
    """The generation that is read and kept up to date."""
    with reading(rows).begin() as connection:
        found = active_generation(connection)
    if found is None:
        raise FormatUnknown("The row store has no generation.")
    return found
