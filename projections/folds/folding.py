"""Runs the folds over a page, inside one transaction of the row store.

For every fold in turn: keep the page's facts by entity, gather the entities they touch and those
that waited for what they provide, fold each from all it has kept, and write what differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from events.codec import to_stored
from events.compose import Draft
from events.sql.bulk import Row as CopyRow
from projections.folds.changes import Changes
from projections.folds.fold import Context, Fold, Known, Outcome, Row, Standing
from projections.folds.keeping import Keeping
from projections.folds.lookups import Lookups
from projections.folds.met import Met
from projections.folds.reference import ReferenceBook, provided_names
from projections.folds.undone import AT_ONCE
from projections.folds.unseen import Unseen
from projections.folds.waits import Waits
from projections.page import Failure
from projections.stores.rows import FOLD_TABLES
from schemas.envelope import Event
from schemas.errors import Unreadable

_CHUNK = 400
Entity = tuple[str, str]  # workspace, name
Rows = dict[tuple[str, str], bytes]  # by table and id, the document


def _select_rows(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table.c.entity, table.c.id, table.c.doc).where(
        table.c.generation == sa.bindparam("generation"),
        table.c.workspace == sa.bindparam("workspace"),
        table.c.entity.in_(sa.bindparam("entities", expanding=True)),
    )


_ROWS = {name: _select_rows(table) for name, table in FOLD_TABLES.items()}


@dataclass(slots=True)
class Folded:
    """What a page came to: events to publish, copies for the columns, unreadable facts, and how
    many rows of which table became others.
    """

    drafts: list[Draft] = field(default_factory=list)
    copies: list[CopyRow] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Kept:
    """What a fold took of a page: entities with the facts that touched them, names provided."""

    touched: dict[Entity, list[Known]] = field(default_factory=dict)
    provided: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Entities of one fold and workspace that are folded together; some of them may be due.

    ``anew`` distrusts what stands: it is derived from all facts, and told the columns once more.
    """

    fold: Fold
    workspace: str
    names: list[str]
    logical_time: int
    is_due: bool
    anew: bool


class Folding:
    """The folds of one generation over one connection."""

    def __init__(
        self,
        connection: sa.Connection,
        generation: int,
        folds: Sequence[Fold],
        book: ReferenceBook,
        classifier: Callable[[str], int],
        met: Met,
    ) -> None:
        """``classifier`` tells which version counts in a workspace. ``met`` are facts met before;
        those of this page are added to them.
        """
        self._connection = connection
        self._generation = generation
        self._folds = folds
        self._book = book
        self._classifier = classifier
        self._keeping = Keeping(connection, generation, met)
        self._waits = Waits(connection, generation)
        self._unseen = Unseen(connection, generation)
        self._unreadable: set[str] = set()

    def apply(
        self,
        events: Sequence[Event],
        logical_time: int,
        late: Mapping[str, int],
        workspaces: Collection[str],
        *,
        anew: bool = False,
    ) -> Folded:
        """Fold the events of a page, and what time alone has made due in these workspaces.

        ``late`` says, by workspace, since when reference data took effect that facts folded
        before did not meet. ``anew`` says that events were folded before, perhaps wrongly.
        """
        result = Folded()
        by_fold, provided = self._meet(events)
        result.failures += self._keeping.undone.learn(events, self._folds)
        due = self._waits.due(logical_time, workspaces)
        unseen = self._unseen.next(workspaces)
        for fold in self._folds:
            kept = self._keep(fold, by_fold[fold.name], result)
            provided |= kept.provided
            here = due.get(fold.name, {})
            behind = unseen.get(fold.name, set())
            others = self._waiting(fold, provided) | self._since_effective(fold, late)
            # What is due is folded in any case: else it stayed so.
            entities = (
                {one for one in kept.touched.keys() | others if fold.wants(*one, logical_time)}
                | here.keys()
                | behind
            )
            # Of others, all that is known may say something else now.
            news = {
                one: kept.touched.get(one, []) for one in kept.touched.keys() | behind
                if one not in others and one not in here and not anew
            }  # fmt: skip
            self._spread(fold, kept.touched, here, logical_time)
            # Rows folded again may say something else to those who looked them up.
            provided |= entities | self._provided_no_more(fold, here)
            for workspace, names in _by_workspace(entities).items():
                for some in _chunks(names):
                    is_due = any((workspace, name) in here for name in some)
                    chunk = _Chunk(fold, workspace, some, logical_time, is_due, anew)
                    self._refold(chunk, kept.touched, news, result)
        return result

    def _meet(self, events: Sequence[Event]) -> tuple[dict[str, list[Known]], set[tuple[str, str]]]:
        """By fold, the facts of types it consumes; and the names that reference data provide."""
        by_fold: dict[str, list[Known]] = {fold.name: [] for fold in self._folds}
        by_type: dict[str, list[list[Known]]] = {}
        for fold in self._folds:
            for kind in fold.consumes:
                by_type.setdefault(kind, []).append(by_fold[fold.name])
        provided: set[tuple[str, str]] = set()
        for event in events:
            takers = by_type.get(event.type, ())
            if takers or _is_reference(event):
                known = self._keeping.meet(event)
                for taker in takers:
                    taker.append(known)
                provided.update((event.workspace, name) for name in _reference_names(known))
        return by_fold, provided

    # Which entities

    def _keep(self, fold: Fold, consumed: Sequence[Known], result: Folded) -> Kept:
        """Keep what is of interest to a fold.

        A fact that cannot be read is set aside with the reason, for this fold and all after it.
        """
        kept = Kept()
        taken: list[tuple[str, Known]] = []
        for one in consumed:
            if one.id in self._unreadable:
                continue
            try:
                names = list(fold.entities(one))
                told = list(fold.provides(one)) if names and one.payload else []
            except Unreadable as error:
                self._unreadable.add(one.id)
                result.failures.append(Failure(to_stored(one.event), str(error)))
                continue
            workspace = one.event.workspace
            for name in names:
                kept.touched.setdefault((workspace, name), []).append(one)
                taken.append((name, one))
            kept.provided.update((workspace, name) for name in told)
        self._keeping.keep(fold, taken)
        return kept

    def _waiting(self, fold: Fold, provided: set[tuple[str, str]]) -> set[Entity]:
        if not fold.looks_up:
            return set()
        return {
            (workspace, entity)
            for workspace, names in _by_workspace(provided).items()
            for some in _chunks(names)
            for entity in self._waits.waiting_for(fold, workspace, some)
        }

    def _since_effective(self, fold: Fold, late: Mapping[str, int]) -> set[Entity]:
        """Entities with facts that late reference data should have reached (R38)."""
        return {
            (workspace, entity)
            for workspace, effective_at in late.items()
            for entity in self._keeping.since(fold, workspace, effective_at)
        }

    def _provided_no_more(self, fold: Fold, due: Collection[Entity]) -> set[tuple[str, str]]:
        """The names that entities have provided by facts that were undone."""
        return {
            (workspace, name)
            for workspace, names in _by_workspace(due).items()
            if self._keeping.undone.of(workspace)
            for facts in self._keeping.all_facts(fold, workspace, names).values()
            for known in facts
            if self._keeping.undone.covers(known.event)
            for name in fold.provides(known)
        }

    def _spread(
        self, fold: Fold, touched: Iterable[Entity], due: Mapping[Entity, int], logical_time: int
    ) -> None:
        """Have a whole workspace folded again, from now on, where one entity touches all others."""
        for workspace, name in {*touched, *(one for one, at in due.items() if at != AT_ONCE)}:
            since = fold.touches_all(name, logical_time)
            if since is not None:
                self._unseen.mark(fold, workspace, since)

    # Folding them again

    def _refold(
        self,
        chunk: _Chunk,
        causes: Mapping[Entity, Sequence[Known]],
        news: Mapping[Entity, Sequence[Known]],
        result: Folded,
    ) -> None:
        """Fold one chunk of entities, and write what differs. Nothing is written before its end."""
        fold, workspace, names = chunk.fold, chunk.workspace, chunk.names
        facts = self._keeping.facts(fold, workspace, names)
        before = self._rows_before(fold, workspace, names)
        dues = self._waits.dues(fold, workspace, names) if fold.follows else {}
        unseen = self._unseen.of(fold, workspace, names) if fold.follows else {}
        context = self._context(fold, workspace, names, facts, chunk.logical_time)
        outcomes: dict[str, Outcome] = {}
        changes = Changes()
        for name in names:
            if name not in facts and not self._keeping.undone.of(workspace):
                continue
            ordered = sorted(facts.get(name, ()), key=lambda k: k.order)
            old = before.get(name, {})
            cause = causes.get((workspace, name), (None,))[-1]
            fresh = news.get((workspace, name)) if fold.follows else None
            try:
                if not ordered:
                    outcome = Outcome()  # all its facts were undone
                elif fresh is None:
                    outcome = fold.fold(name, ordered, context)
                else:
                    standing = Standing(frozenset(old), dues.get(name), unseen.get(name))
                    outcome = fold.follow(name, ordered, fresh, standing, context)
                old = {here: doc for here, doc in old.items() if here not in outcome.same}
                drafts = fold.conclude(list(old.values()), outcome.rows, cause, context)
            except sa.exc.SQLAlchemyError:
                raise  # a store out of reach is no fault of the facts
            except Exception as error:
                at_fault = cause or next(reversed(ordered), None)
                if at_fault is None:
                    raise  # nothing is left that could be set aside
                failed = to_stored(at_fault.event)
                result.failures.append(Failure(failed, f"{fold.name} of {name}: {error!r}"))
                continue
            result.drafts += drafts
            outcomes[name] = outcome
            self._compare(chunk, name, old, outcome.rows, changes)
        changes.write(self._connection)
        result.copies += changes.copies
        result.changed += changes.counts
        self._remember(chunk, outcomes)

    def _context(
        self,
        fold: Fold,
        workspace: str,
        names: Sequence[str],
        facts: Mapping[str, Sequence[Known]],
        logical_time: int,
    ) -> Context:
        events = [known.event for some in facts.values() for known in some]
        subjects = sorted({*names, *(event.subject_id for event in events)})
        times = [event.occurred_at for event in events]
        span = (min(times, default=0), max(times, default=0))
        lookups = Lookups(self._connection, self._generation, workspace, subjects, span)
        facts_of = partial(self._keeping.facts, fold, workspace)
        context = lookups.context(self._book, logical_time, self._classifier(workspace), facts_of)
        return replace(context, undone=self._keeping.undone.of(workspace))

    def _rows_before(self, fold: Fold, workspace: str, names: list[str]) -> dict[str, Rows]:
        before: dict[str, Rows] = {}
        values = {"generation": self._generation, "workspace": workspace, "entities": names}
        for table in fold.tables:
            for entity, identity, doc in self._connection.execute(_ROWS[table], values):
                before.setdefault(entity, {})[table, identity] = doc
        return before

    def _compare(
        self, chunk: _Chunk, entity: str, old: Rows, rows: Sequence[Row], changes: Changes
    ) -> None:
        new = {(row.table, row.id): row for row in rows}
        place = {"generation": self._generation, "workspace": chunk.workspace}
        for gone in old.keys() - new.keys():
            changes.delete(gone[0], {**place, "id": gone[1], "doc": old[gone]})
        for here, row in new.items():
            content = row.content
            values = {**place, "id": row.id, "entity": entity, "doc": content, **row.filters}
            if old.get(here) != content:
                changes.put(row.table, values)
            elif chunk.anew:
                changes.copy_again(row.table, values)

    def _remember(self, chunk: _Chunk, outcomes: Mapping[str, Outcome]) -> None:
        fold = chunk.fold
        if fold.follows:
            self._unseen.forget(fold, chunk.workspace, chunk.names)
        if fold.looks_up or chunk.is_due:
            self._waits.remember(fold, chunk.workspace, chunk.names, outcomes)
        elif any(o.needs or o.due_at is not None for o in outcomes.values()):
            raise TypeError(f"The fold {fold.name} waits for something: set its looks_up.")


def _is_reference(event: Event) -> bool:
    return event.effective_at is not None


def _reference_names(known: Known) -> list[str]:
    return provided_names(known.event, known.payload) if _is_reference(known.event) else []


def _chunks(names: Sequence[str]) -> Iterable[list[str]]:
    return (list(names[i : i + _CHUNK]) for i in range(0, len(names), _CHUNK))


def _by_workspace(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for workspace, name in sorted(pairs):
        grouped.setdefault(workspace, []).append(name)
    return grouped
