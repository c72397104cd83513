"""Dynamic lists: who meets their rules, since when and by what.

The entity is a record, or an address or browser that may be known to be a record's. All its events
are kept; those of others that its rules read are looked up where they are kept. When one of them
comes, or a window ends, or a rule takes effect, the record's membership is worked out anew for all
times: it is a function of the events, whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from events.compose import Draft
from projections.folds.fold import Context, Fold, Known, Outcome, Row, Standing
from projections.folds.kin import IDENTITY, joined_by
from projections.folds.members.conclusions import conclusions
from projections.folds.members.document import TABLE, Interval, MemberDoc, member_row
from projections.folds.members.histories import MEMBER, Histories, kind_of
from projections.folds.members.intervals import intervals_of
from projections.folds.members.reading import names_of
from projections.folds.members.rules import InForce, RulesInForce
from projections.folds.reference import ReferenceBook
from projections.rules.timelines import member_when
from schemas.calendar import NEVER
from schemas.catalogue import Topic, load_all
from schemas.decisions.definition import DefinitionStep
from schemas.decisions.identity import IdentityStep
from schemas.decisions.lists import ListMemberStep
from schemas.facts.contact import ContactTold
from schemas.facts.sales import LeadNoted
from schemas.facts.visitor import VisitorIdentified

_FACTS = frozenset(entry.name for entry in load_all() if Topic.FACTS in entry.origins)
_DECISIONS = frozenset(
    entry.name
    for entry in load_all()
    if Topic.DECISIONS in entry.origins and entry.stream == "response"
)
_RULES = frozenset(("definition.published", "definition.retired"))
_LISTED = frozenset(("list.member_added", "list.member_removed"))
_RULE = "rule:"
_NAMING = (ContactTold, DefinitionStep, IdentityStep, LeadNoted, ListMemberStep, VisitorIdentified)
_NAMES_OTHERS = frozenset(entry.name for entry in load_all() if issubclass(entry.model, _NAMING))
"""The types whose payload has to be read to know whom an event concerns: few are of them."""


class Members(Fold):
    """One row for each list that a record is on, or was."""

    name: ClassVar[str] = "members"
    looks_up: ClassVar[bool] = True
    follows: ClassVar[bool] = True
    tables: ClassVar[tuple[str, ...]] = (TABLE,)
    consumes: ClassVar[frozenset[str]] = (
        _FACTS
        | _DECISIONS
        | _RULES
        | _LISTED
        | IDENTITY
        | {"interaction.judged", "response.captured"}
    )

    def __init__(self, book: ReferenceBook) -> None:
        self._book = book
        self._lists = RulesInForce(book)

    def entities(self, known: Known) -> Iterable[str]:
        """The record an event is keyed by, and those it names that must hear of it."""
        if known.event.type not in _NAMES_OTHERS:
            return (known.event.subject_id,)
        match known.payload:
            case DefinitionStep(kind=kind, definition_id=list_id):
                return (f"{_RULE}{known.event.workspace}:{list_id}",) if kind == "list" else ()
            case ListMemberStep(member=member):
                return (str(member.id),)
            case IdentityStep():
                return joined_by(known)
        return {known.event.subject_id, *_also_named(known)}

    def provides(self, known: Known) -> Iterable[str]:
        return [MEMBER + entity for entity in self.entities(known)]

    def wants(self, workspace: str, entity: str, logical_time: int) -> bool:
        return entity.startswith(_RULE) or bool(self._lists.at(workspace, logical_time).versions)

    def touches_all(self, entity: str, logical_time: int) -> int | None:
        if not entity.startswith(_RULE):
            return None
        effective_at = self._effective_at(entity)
        return effective_at if effective_at <= logical_time else None

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        if entity.startswith(_RULE):
            effective_at = self._effective_at(entity)
            due = effective_at if effective_at > context.logical_time else None
            return Outcome(due_at=due)
        kind = kind_of(entity, facts)
        lists = self._lists.at(context.workspace, context.logical_time)
        if kind is None or not lists.of(kind):
            return Outcome()
        return _outcome(entity, kind, facts, lists, lists.of(kind), context)

    def follow(
        self, entity: str, facts: Sequence[Known], fresh: Sequence[Known], standing: Standing,
        context: Context,
    ) -> Outcome:  # fmt: skip
        """Only the lists whose rules read what has come, or have changed, are worked out again."""
        lists = self._lists.at(context.workspace, context.logical_time)
        new = {known.id for known in fresh}
        kind = kind_of(entity, [known for known in facts if known.id not in new])
        names = None if kind is None else names_of(entity, kind, facts, fresh)
        # Of what kind a record is may be known only now: then nothing of it was looked at before.
        if kind is None or names is None or not lists.of(kind):
            return self.fold(entity, facts, context)
        changed = frozenset[UUID]()
        if standing.since is not None:
            changed = self._book.lists_changed(context.workspace, standing.since)
        touched = lists.reading(names, kind, changed)
        outcome = _outcome(entity, kind, facts, lists, touched, context)
        others = {f"{list_id}:{entity}" for list_id in {*lists.of(kind)}.difference(touched)}
        # What was due stays so: for another list, or for one that is in vain looked at once more.
        dues = [due for due in (outcome.due_at, standing.due_at) if due is not None]
        return replace(
            outcome,
            same=frozenset(row for row in standing.rows if row[1] in others),
            due_at=min(dues, default=None),
        )

    def conclude(
        self, before: Sequence[bytes], after: Sequence[Row], cause: Known | None, context: Context
    ) -> list[Draft]:
        old = [MemberDoc.model_validate_json(raw) for raw in before]
        new = [row.doc for row in after if isinstance(row.doc, MemberDoc)]
        lists = self._lists.at(context.workspace, context.logical_time)
        return conclusions(old, new, cause, lists, context)

    def _effective_at(self, entity: str) -> int:
        workspace, _, list_id = entity.removeprefix(_RULE).rpartition(":")
        found = self._book.takes_effect(workspace, list_id)
        return NEVER if found is None else found


def _also_named(known: Known) -> Iterator[str]:
    """The records that an event names beside the one it is keyed by, and that must hear of it."""
    match known.payload:
        case ContactTold(changes=changes) if changes.account_id is not None:
            yield str(changes.account_id)
        case LeadNoted(lead_id=lead_id):
            yield str(lead_id)
        case VisitorIdentified(subject=subject):
            yield str(subject.id)


def _outcome(
    entity: str, kind: str, facts: Sequence[Known], lists: InForce, some: Sequence[UUID],
    context: Context,
) -> Outcome:  # fmt: skip
    """The rows of some of the lists, and what all of them look up."""
    histories = Histories(context, lists.reads)
    history = histories.of(entity, kind, facts)
    rows: list[Row] = []
    due = NEVER
    for list_id in some:
        when = member_when(lists.rules[list_id], history, lists.rules)
        due = min(due, when.after(context.logical_time) or NEVER)
        if any(when.values):
            now = context.logical_time
            spans = intervals_of(when, lists, list_id, history, histories.times, now)
            rows += [_row(lists, list_id, kind, entity, spans)] if spans else []
    return Outcome(tuple(rows), frozenset(histories.needs), due if due < NEVER else None)


def _row(lists: InForce, list_id: UUID, kind: str, member: str, spans: Sequence[Interval]) -> Row:
    doc = MemberDoc(
        list_id=list_id,
        member=UUID(member),
        kind=kind,
        version=lists.versions[list_id].version,
        intervals=tuple(spans),
    )
    return member_row(doc)
