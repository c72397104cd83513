"""Runs the folds over a page, inside one transaction of the row store.

For every fold in turn: keep the page's facts by entity, gather the entities they touch and those
that waited for what they provide, fold each from all it has kept, and write what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.codec import decode, to_stored
from events.compose import Draft
from events.log import StoredRecord
from projections.folds.changes import Changes, insert_or_ignore
from projections.folds.fold import Context, Fold, Known, Row
from projections.folds.lookups import Lookups
from projections.folds.reference import ReferenceBook, provided_names
from projections.page import Failure
from projections.stores.rows import FOLD_TABLES, KEPT, SETTLING, WAITING
from schemas.catalogue import Topic
from schemas.envelope import Event, Position
from schemas.errors import Unreadable

_CHUNK = 400
Entity = tuple[str, str]  # workspace, name


@dataclass(slots=True)
class Folded:
    """What a page came to: events to publish, and facts that could not be read."""

    drafts: list[Draft] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(slots=True)
class Kept:
    """What a fold took of a page: entities with the fact that touched them, names provided."""

    touched: dict[Entity, Known] = field(default_factory=dict)
    provided: set[tuple[str, str]] = field(default_factory=set)


class Folding:
    """The folds of one generation over one connection."""

    def __init__(
        self, connection: sa.Connection, generation: int, folds: Sequence[Fold], book: ReferenceBook
    ) -> None:
        self._connection = connection
        self._generation = generation
        self._folds = folds
        self._book = book
        self._wanted = frozenset().union(*(fold.consumes for fold in folds))
        self._known: dict[UUID, Known] = {}
        self._unreadable: set[UUID] = set()

    def apply(self, events: Sequence[Event], logical_time: int, late: Mapping[str, int]) -> Folded:
        """Fold the events of a page, and what time alone has made due.

        ``late`` says, by workspace, since when reference data took effect that facts folded
        before did not meet.
        """
        result = Folded()
        known = [self._meet(event) for event in events if self._is_wanted(event)]
        provided = {(k.event.workspace, name) for k in known for name in _reference_names(k)}
        for fold in self._folds:
            kept = self._keep(fold, known, result)
            provided |= kept.provided
            entities = set(kept.touched) | self._waiting(fold, provided)
            entities |= self._due(fold, logical_time) | self._since_effective(fold, late)
            # Rows folded again may say something else to those who looked them up.
            provided |= entities
            for workspace, names in _by_workspace(entities).items():
                context = Lookups(self._connection, self._generation, workspace).context(
                    self._book, logical_time
                )
                self._refold(fold, context, names, kept.touched, result)
        return result

    def _is_wanted(self, event: Event) -> bool:
        return event.type in self._wanted or _is_reference(event)

    def _meet(self, event: Event) -> Known:
        known = self._known[event.event_id] = Known(event)
        return known

    # Which entities

    def _keep(self, fold: Fold, known: Sequence[Known], result: Folded) -> Kept:
        """Keep what is of interest to a fold.

        A fact that cannot be read is set aside with the reason, for this fold and all after it.
        """
        kept = Kept()
        rows: list[dict[str, Any]] = []
        for one in known:
            if one.event.type not in fold.consumes or one.event.event_id in self._unreadable:
                continue
            try:
                names = list(fold.entities(one))
                told = list(fold.provides(one)) if names and one.payload else []
            except Unreadable as error:
                self._unreadable.add(one.event.event_id)
                result.failures.append(Failure(to_stored(one.event), str(error)))
                continue
            workspace = one.event.workspace
            kept.touched.update(((workspace, name), one) for name in names)
            kept.provided.update((workspace, name) for name in told)
            rows += [self._kept(fold, name, one.event) for name in names]
        if rows:
            self._connection.execute(insert_or_ignore(self._connection, KEPT), rows)
        return kept

    def _kept(self, fold: Fold, entity: str, event: Event) -> dict[str, Any]:
        record = to_stored(event)
        return {
            "generation": self._generation,
            "fold": fold.name,
            "workspace": event.workspace,
            "entity": entity,
            "event_id": str(event.event_id),
            "topic": event.position.topic.value,
            "partition": event.position.partition,
            "offset": event.position.offset,
            "recorded_at": event.recorded_at,
            "key": record.key,
            "type": record.type,
            "head": record.head,
            "data": record.data,
        }

    def _waiting(self, fold: Fold, provided: set[tuple[str, str]]) -> set[Entity]:
        found: set[Entity] = set()
        for workspace, names in _by_workspace(provided).items():
            for some in _chunks(names):
                rows = self._connection.execute(
                    sa.select(WAITING.c.entity).where(
                        *self._of(WAITING, fold, workspace), WAITING.c.need.in_(some)
                    )
                )
                found |= {(workspace, entity) for (entity,) in rows}
        return found

    def _due(self, fold: Fold, logical_time: int) -> set[Entity]:
        rows = self._connection.execute(
            sa.select(SETTLING.c.workspace, SETTLING.c.entity).where(
                SETTLING.c.generation == self._generation,
                SETTLING.c.fold == fold.name,
                SETTLING.c.due_at <= logical_time,
            )
        )
        return {(workspace, entity) for workspace, entity in rows}

    def _since_effective(self, fold: Fold, late: Mapping[str, int]) -> set[Entity]:
        """Entities with facts that late reference data should have reached (R38)."""
        found: set[Entity] = set()
        for workspace, effective_at in late.items():
            rows = self._connection.execute(
                sa.select(KEPT.c.entity)
                .distinct()
                .where(*self._of(KEPT, fold, workspace), KEPT.c.recorded_at >= effective_at)
            )
            found |= {(workspace, entity) for (entity,) in rows}
        return found

    # Folding them again

    def _refold(
        self,
        fold: Fold,
        context: Context,
        names: list[str],
        causes: dict[Entity, Known],
        result: Folded,
    ) -> None:
        for some in _chunks(names):
            facts = self._facts(fold, context.workspace, some)
            before = self._rows_before(fold, context.workspace, some)
            waits: list[dict[str, Any]] = []
            dues: list[dict[str, Any]] = []
            changes = Changes()
            for name in some:
                ordered = sorted(facts.get(name, []), key=lambda k: k.order)
                if not ordered:
                    continue
                old = before.get(name, {})
                cause = causes.get((context.workspace, name))
                try:
                    outcome = fold.fold(name, ordered, context)
                    drafts = fold.conclude(list(old.values()), outcome.rows, cause, context)
                except sa.exc.SQLAlchemyError:
                    raise  # a store out of reach is no fault of the facts
                except Exception as error:  # noqa: BLE001 - one entity must not stop all others
                    failed = to_stored((cause or ordered[-1]).event)
                    result.failures.append(Failure(failed, f"{fold.name} of {name}: {error!r}"))
                    continue
                result.drafts += drafts
                self._compare(context.workspace, name, old, outcome.rows, changes)
                about = self._about(fold, context.workspace, name)
                waits += [{**about, "need": need} for need in outcome.needs]
                if outcome.due_at is not None:
                    dues.append({**about, "due_at": outcome.due_at})
            changes.write(self._connection)
            self._remember(fold, context.workspace, some, waits, dues)

    def _facts(self, fold: Fold, workspace: str, names: list[str]) -> dict[str, list[Known]]:
        rows = self._connection.execute(
            sa.select(KEPT).where(*self._of(KEPT, fold, workspace), KEPT.c.entity.in_(names))
        )
        facts: dict[str, list[Known]] = {}
        for row in rows:
            # Most are of this very page: what was read once is not read again. A copy with the
            # same id is another record, and the one that was kept first stands.
            record = _stored(row)
            known = self._known.get(record.event_id)
            if known is None or known.event.position != record.position:
                known = self._meet(decode(record))
            facts.setdefault(row.entity, []).append(known)
        return facts

    def _rows_before(
        self, fold: Fold, workspace: str, names: list[str]
    ) -> dict[str, dict[tuple[str, str], bytes]]:
        before: dict[str, dict[tuple[str, str], bytes]] = {}
        for name in fold.tables:
            table = FOLD_TABLES[name]
            rows = self._connection.execute(
                sa.select(table.c.entity, table.c.id, table.c.doc).where(
                    table.c.generation == self._generation,
                    table.c.workspace == workspace,
                    table.c.entity.in_(names),
                )
            )
            for entity, identity, doc in rows:
                before.setdefault(entity, {})[name, identity] = doc
        return before

    def _compare(
        self,
        workspace: str,
        entity: str,
        old: dict[tuple[str, str], bytes],
        rows: Sequence[Row],
        changes: Changes,
    ) -> None:
        new = {(row.table, row.id): row for row in rows}
        place = {"generation": self._generation, "workspace": workspace}
        for gone in old.keys() - new.keys():
            changes.delete(gone[0], {**place, "id": gone[1], "doc": old[gone]})
        for here, row in new.items():
            content = row.content
            if old.get(here) != content:
                values = {**place, "id": row.id, "entity": entity, "doc": content, **row.filters}
                changes.put(row.table, values)

    def _remember(
        self,
        fold: Fold,
        workspace: str,
        names: list[str],
        waits: list[dict[str, Any]],
        dues: list[dict[str, Any]],
    ) -> None:
        for table, rows in ((WAITING, waits), (SETTLING, dues)):
            self._connection.execute(
                table.delete().where(*self._of(table, fold, workspace), table.c.entity.in_(names))
            )
            if rows:
                self._connection.execute(table.insert(), rows)

    def _about(self, fold: Fold, workspace: str, entity: str) -> dict[str, Any]:
        return {
            "generation": self._generation,
            "fold": fold.name,
            "workspace": workspace,
            "entity": entity,
        }

    def _of(
        self, table: sa.Table, fold: Fold, workspace: str
    ) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            table.c.generation == self._generation,
            table.c.fold == fold.name,
            table.c.workspace == workspace,
        )


def _is_reference(event: Event) -> bool:
    return event.effective_at is not None


def _reference_names(known: Known) -> list[str]:
    return provided_names(known.event, known.payload) if _is_reference(known.event) else []


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


def _chunks(names: Sequence[str]) -> Iterable[list[str]]:
    return (list(names[i : i + _CHUNK]) for i in range(0, len(names), _CHUNK))


def _by_workspace(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for workspace, name in sorted(pairs):
        grouped.setdefault(workspace, []).append(name)
    return grouped
