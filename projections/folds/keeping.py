"""The facts that folds keep, by fold and entity, as they lie in the row store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.codec import decode, to_stored
from events.log import StoredRecord
from events.sql.bulk import Row, insert_rows
from projections.folds.fold import Fold, Known
from projections.folds.met import Met
from projections.folds.undone import Undone
from projections.stores.rows import KEPT, KEPT_AGAIN
from schemas.catalogue import Topic
from schemas.envelope import Event, Position

_AT_ONCE = 400


def _mine(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == sa.bindparam(name) for name in ("generation", "fold", "workspace")]


def _among(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.entity.in_(sa.bindparam("entities", expanding=True))


_OF_ENTITIES = (*_mine(KEPT), _among(KEPT))
_PLACES = sa.select(
    KEPT.c.entity, KEPT.c.event_id, KEPT.c.topic, KEPT.c.partition, KEPT.c.offset
).where(*_OF_ENTITIES)
_READ = (
    "entity", "event_id", "topic", "partition", "offset", "recorded_at", "key", "type", "head",
    "data",
)  # fmt: skip
_RECORDS = sa.select(*(KEPT.c[name] for name in _READ)).where(*_OF_ENTITIES)
_COPIES = (
    sa.select(*(KEPT_AGAIN.c[name] for name in _READ))
    .where(*_mine(KEPT_AGAIN), _among(KEPT_AGAIN))
    .order_by(KEPT_AGAIN.c.partition, KEPT_AGAIN.c.offset)
)
_SINCE = (
    sa.select(KEPT.c.entity)
    .distinct()
    .where(*_mine(KEPT), KEPT.c.recorded_at >= sa.bindparam("recorded_at"))
)


class Keeping:
    """Keeps facts for one generation; what has been met is not read again."""

    def __init__(self, connection: sa.Connection, generation: int, met: Met) -> None:
        self._connection = connection
        self._generation = generation
        self._all = met
        self.undone = Undone(connection, generation)

    def meet(self, event: Event) -> Known:
        """The fact that an event is."""
        known = Known(event)
        self._all.add(known)
        return known

    def keep(self, fold: Fold, taken: Sequence[tuple[str, Known]]) -> None:
        """Keep facts for the entities a fold took them for; of two with one id the first stands."""
        rows = [self._row(fold, entity, known) for entity, known in taken]
        if insert_rows(self._connection, KEPT, rows, "ignore") < len(rows):
            self._keep_again(fold, rows)

    def facts(self, fold: Fold, workspace: str, entities: Sequence[str]) -> dict[str, list[Known]]:
        """By entity, all its facts that count."""
        facts = self.all_facts(fold, workspace, entities)
        if not self.undone.of(workspace):
            return facts
        counting: dict[str, list[Known]] = {}
        lost: dict[str, set[str]] = {}
        for name, some in facts.items():
            for known in some:
                if self.undone.covers(known.event):
                    lost.setdefault(name, set()).add(known.id)
                else:
                    counting.setdefault(name, []).append(known)
        for name, known in self._standing(fold, workspace, lost):
            counting.setdefault(name, []).append(known)
        return counting

    def all_facts(
        self, fold: Fold, workspace: str, entities: Sequence[str]
    ) -> dict[str, list[Known]]:
        """By entity, all its facts, undone or not."""
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

    def _keep_again(self, fold: Fold, rows: Sequence[Row]) -> None:
        """Keep what was left out because a copy is kept: it may have to stand for that one."""
        by_workspace: dict[str, list[Row]] = {}
        for row in rows:
            by_workspace.setdefault(row[2], []).append(row)
        for workspace, some in by_workspace.items():
            for start in range(0, len(some), _AT_ONCE):
                part = some[start : start + _AT_ONCE]
                names = sorted({row[3] for row in part})
                first = {
                    (entity, identity): place
                    for entity, identity, *place in self._select(_PLACES, fold, workspace, names)
                }
                again = [row for row in part if first[row[3], row[4]] != list(row[5:8])]
                insert_rows(self._connection, KEPT_AGAIN, again, "ignore")

    def _standing(
        self, fold: Fold, workspace: str, lost: Mapping[str, set[str]]
    ) -> Iterator[tuple[str, Known]]:
        """By entity, of facts that are lost the first copy that counts."""
        if not lost:
            return
        told: set[tuple[str, str]] = set()
        for row in self._select(_COPIES, fold, workspace, sorted(lost)):
            place = (row.entity, row.event_id)
            if row.event_id in lost[row.entity] and place not in told:
                known = Known(decode(_stored(row)))
                if not self.undone.covers(known.event):
                    told.add(place)
                    yield row.entity, known

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
