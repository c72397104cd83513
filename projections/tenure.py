"""Which places of the log a sink may move on at: all of them, or those that a worker holds.

Where several workers share a sink, every place has an *epoch*, stored beside its cursor. Taking a
place over raises it, and a page is stored only under the epoch its worker took the place with. So a
worker that lost a place, and does not know it yet, writes nothing more there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from events.cursor import Cursor, Place
from projections.progress import begin_places
from projections.stores.rows import CURSOR
from schemas.catalogue import Topic
from schemas.errors import CursorGap

COPIES: Place = (Topic.FACTS, 0)
"""Who holds this place ships the copies of rows to the columns."""


class Tenure(ABC):
    """The port of what a sink may move on at."""

    @abstractmethod
    def epoch(self, place: Place) -> int | None:
        """The epoch a place is held in; ``None`` where it is not held."""

    def holds_any(self, cursor: Cursor) -> bool:
        """Whether any place of a cursor is held."""
        return any(self.epoch(place) is not None for place in cursor)

    @property
    def ships_copies(self) -> bool:
        """Whether the copies of rows are this sink's to ship."""
        return self.epoch(COPIES) is not None


def epochs_of(tenure: Tenure, start: Cursor, end: Cursor) -> dict[Place, int]:
    """The epochs of the places between two cursors. Raises ``CursorGap`` where one is not held."""
    epochs: dict[Place, int] = {}
    for place in end:
        if end[place] == start[place]:
            continue
        epoch = tenure.epoch(place)
        if epoch is None:
            raise CursorGap(f"Another worker has {place[0]} {place[1]} by now.")
        epochs[place] = epoch
    return epochs


class Whole(Tenure):
    """Every place, for good: nobody else is there."""

    def epoch(self, place: Place) -> int:
        return 0


class Shared(Tenure):
    """The places that this worker has been given, of one sink and generation."""

    def __init__(self, rows: sa.Engine, sink: str, generation: int) -> None:
        self._rows = rows
        self._about = (CURSOR.c.sink == sink, CURSOR.c.generation == generation)
        self._sink = sink
        self._generation = generation
        self._epochs: Mapping[Place, int] = {}

    def epoch(self, place: Place) -> int | None:
        return self._epochs.get(place)

    @property
    def places(self) -> frozenset[Place]:
        """The places held."""
        return frozenset(self._epochs)

    def hold(self, places: Iterable[Place]) -> None:
        """Hold exactly these places from now on; those held before are kept as they are."""
        wanted = frozenset(places)
        kept = {place: epoch for place, epoch in self._epochs.items() if place in wanted}
        self._epochs = kept  # what is lost is lost at once, whatever the store says to the rest
        self._epochs = kept | self._taken(sorted(wanted - kept.keys()))

    def _taken(self, places: list[Place]) -> dict[Place, int]:
        """Raise the epochs of places: from then on nobody else stores pages of them."""
        with self._rows.begin() as connection:
            begin_places(connection, self._sink, self._generation, places)
            return {place: self._raised(connection, place) for place in places}

    def _raised(self, connection: sa.Connection, place: Place) -> int:
        raised = (
            CURSOR.update()
            .where(*self._about, CURSOR.c.topic == place[0].value, CURSOR.c.partition == place[1])
            .values(epoch=CURSOR.c.epoch + 1)
            .returning(CURSOR.c.epoch)
        )
        return int(connection.execute(raised).scalar_one())
