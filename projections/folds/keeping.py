"""The facts that folds keep, by fold and entity, as they lie in the row store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.codec import decode, to_stored
from events.log import StoredRecord
from events.sql.bulk import Row, insert_rows
from projections.folds.fold import Fold, Known
from projections.folds.met import Met
from projections.stores.rows import KEPT
from schemas.catalogue import Topic
from schemas.envelope import Event, Position

_MINE = (
    KEPT.c.generation == sa.bindparam("generation"),
    KEPT.c.fold == sa.bindparam("fold"),
    KEPT.c.workspace == sa.bindparam("workspace"),
)
_OF_ENTITIES = (*_MINE, KEPT.c.entity.in_(sa.bindparam("entities", expanding=True)))
_PLACES = sa.select(
    KEPT.c.entity, KEPT.c.event_id, KEPT.c.topic, KEPT.c.partition, KEPT.c.offset
).where(*_OF_ENTITIES)
_RECORDS = sa.select(
    KEPT.c.entity, KEPT.c.event_id, KEPT.c.topic, KEPT.c.partition, KEPT.c.offset,
    KEPT.c.recorded_at, KEPT.c.key, KEPT.c.type, KEPT.c.head, KEPT.c.data,
).where(*_OF_ENTITIES)  # fmt: skip
_SINCE = (
    sa.select(KEPT.c.entity)
    .distinct()
    .where(*_MINE, KEPT.c.recorded_at >= sa.bindparam("recorded_at"))
)


class Keeping:
    """Keeps facts for one generation; what has been met is not read again."""

    def __init__(self, connection: sa.Connection, generation: int, met: Met) -> None:
        self._connection = connection
        self._generation = generation
        self._all = met

    def meet(self, event: Event) -> Known:
        """The fact that an event is."""
        known = Known(event)
        self._all.add(known)
        return known

    def keep(self, fold: Fold, taken: Sequence[tuple[str, Known]]) -> None:
        """Keep facts for the entities a fold took them for; of two with one id the first stands."""
        rows = [self._row(fold, entity, known) for entity, known in taken]
        insert_rows(self._connection, KEPT, rows, "ignore")

    def facts(self, fold: Fold, workspace: str, entities: Sequence[str]) -> dict[str, list[Known]]:
        """By entity, all its facts."""
        facts: dict[str, list[Known]] = {}
        unmet: set[str] = set()
        # Most are of this very page: first only where they lie, and the rest of those not met.
        places = self._select(_PLACES, fold, workspace, entities)
        for entity, identity, topic, partition, offset in places:
            known = self._met(identity, (topic, partition, offset))
            if known is None:
                unmet.add(entity)
            else:
                facts.setdefault(entity, []).append(known)
        if unmet:
            facts.update({entity: [] for entity in unmet})
            for row in self._select(_RECORDS, fold, workspace, sorted(unmet)):
                known = self._met(row.event_id, (row.topic, row.partition, row.offset))
                facts[row.entity].append(known or self.meet(decode(_stored(row))))
        return facts

    def since(self, fold: Fold, workspace: str, recorded_at: int) -> list[str]:
        """The entities with facts recorded since then."""
        values = {**self._of(fold, workspace), "recorded_at": recorded_at}
        return list(self._connection.execute(_SINCE, values).scalars())

    def _met(self, identity: str, place: tuple[str, int, int]) -> Known | None:
        # A copy with the same id is another record, and the one that was kept first stands.
        known = self._all.get(identity)
        return known if known is not None and known.event.position == place else None

    def _select(
        self, statement: sa.Select[Any], fold: Fold, workspace: str, entities: Sequence[str]
    ) -> Iterable[Any]:
        values = {**self._of(fold, workspace), "entities": entities}
        return self._connection.execute(statement, values)

    def _of(self, fold: Fold, workspace: str) -> Mapping[str, Any]:
        return {"generation": self._generation, "fold": fold.name, "workspace": workspace}

    def _row(self, fold: Fold, entity: str, known: Known) -> Row:
        position, recorded_at, key, _, kind, head, data = to_stored(known.event)
        place = (self._generation, fold.name, known.event.workspace, entity, known.id)
        return (*place, position.topic.value, *position[1:], recorded_at, key, kind, head, data)


def _stored(row: Any) -> StoredRecord:
    return StoredRecord(
        Position(Topic(row.topic), row.partition, row.offset),
        row.recorded_at,
        row.key,
        UUID(row.event_id),
        row.type,
        row.head,
        row.data,
    )
