"""From the events of people and companies to what rules read of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from projections.folds.fold import Context, Known
from projections.folds.identity import ADDRESS, VISITOR, is_record
from projections.folds.kin import Kin, kin_of
from projections.folds.members.choices import chosen
from projections.folds.members.sales import lead_state, orders_and_the_like
from projections.rules.history import (
    Allowed,
    Done,
    History,
    Listed,
    Related,
    Said,
    Tie,
    Verdict,
    both,
    either,
    tied_when,
    with_others,
)
from projections.rules.steps import joined
from schemas.decisions.identity import IdentityStep
from schemas.decisions.lists import ListMemberStep
from schemas.derived.judgement import InteractionJudged
from schemas.envelope import Event
from schemas.facts.consent import ConsentEntry
from schemas.facts.contact import AccountTold, ContactTold
from schemas.facts.email import EmailPreference
from schemas.facts.sales import LeadNoted
from schemas.facts.sms import SmsReceived
from schemas.instants import Precision, format_instant

MEMBER = "member:"
_DEEPEST = 3
"""How many relations a path may lead through: a company's people, and what they have."""


def kind_of(entity: str, facts: Sequence[Known]) -> str | None:
    """What a record is, by its own events or else by what the first event calls it."""
    if not is_record(entity):
        return None
    for known in facts:
        match known.payload:
            case ContactTold(id=identity) if str(identity) == entity:
                return "contact"
            case AccountTold(id=identity) if str(identity) == entity:
                return "account"
            case LeadNoted(lead_id=identity) if str(identity) == entity:
                return "lead"
    named = (known.event.subject for known in facts)
    kinds = [s.kind for s in named if s is not None and s.id == entity and s.kind in _KINDS]
    listed = [k.payload.member for k in facts if isinstance(k.payload, ListMemberStep)]
    joined_with = [k.payload.subjects for k in facts if isinstance(k.payload, IdentityStep)]
    refs = (*listed, *(ref for pair in joined_with for ref in pair))
    kinds += [ref.kind for ref in refs if str(ref.id) == entity and ref.kind in _KINDS]
    return kinds[0] if kinds else None


_KINDS = ("account", "contact", "lead")


class Histories:
    """Builds histories for one outcome; ``needs`` and ``times`` tell what was read for it."""

    def __init__(self, context: Context, reads: frozenset[str]) -> None:
        self.needs: set[str] = set()
        self.times: dict[str, int] = {}
        self._context = context
        self._types = frozenset(n.removeprefix("event:") for n in reads if n.startswith("event:"))
        self._relations = frozenset(
            n.removeprefix("relation:") for n in reads if n.startswith("relation:")
        )

    def of(
        self, entity: str, kind: str, own: Sequence[Known], path: tuple[str, ...] = ()
    ) -> History:
        """The history of a record from its own events and those of who it is known to be."""
        kin = self.kin(entity, own)
        if not kin.others:
            return self._alone(entity, kind, own, path)
        facts = {**self._facts_of(kin.others), entity: own}
        alone = {
            name: self._alone(name, kind if name == entity else kin.kinds[name], some, path)
            for name, some in facts.items()
        }
        return self._together(kin, alone, _DEEPEST, {})

    def _together(
        self, kin: Kin, alone: Mapping[str, History], depth: int,
        known: dict[tuple[str, int], History],
    ) -> History:  # fmt: skip
        """A record with the others that it is joined with; lists may be read through lists, so
        deep. ``known`` are those that were put together already.
        """
        here = (kin.record, depth)
        if here in known:
            return known[here]
        ties = {name: tie for name, tie in kin.ties().items() if name in alone}
        gone = kin.gone()
        for tie in (*gone, *(tie for some in ties.values() for tie in some)):
            self.times[tie.event] = tie.at
        own = replace(alone[kin.record], said=chosen(kin, alone), truths={}, _values={})
        others = [Related(alone[name], tie) for name, tie in ties.items()]
        beside = [
            Related(self._together(other, alone, depth - 1, known), tie)
            for name, tie in ties.items()
            if depth and _stands_beside(other := kin.seen_from(name), tie)
        ]
        known[here] = with_others(own, others, gone, beside)
        return known[here]

    def _alone(
        self, entity: str, kind: str, own: Sequence[Known], path: tuple[str, ...]
    ) -> History:
        """A record by itself."""
        # Kept here too are events of others that name this record.
        addressed = [known for known in own if known.event.subject_id == entity]
        everyone = _ordered([*addressed, *self._others(entity)])
        for known in (*own, *everyone):
            self.times[known.id] = known.event.occurred_at
        begins = _begins(entity, own)
        said = _said(entity, kind, own, begins)
        return History(
            id=entity,
            kind=kind,
            said=said,
            done=_done(everyone, self._types, self._context.classifier),
            related=self._related(History(entity, said, kind=kind), own, everyone, path),
            allowed=tuple(ledger_of(everyone)),
            listed=_listed(entity, own),
            begins=begins,
        )

    def kin(self, entity: str, own: Sequence[Known]) -> Kin:
        """The records that are, or once were, the same person or company."""
        kin = kin_of(entity, own, self._facts_of)
        self.needs |= {MEMBER + name for name in kin.others}
        return kin

    def _facts_of(self, names: Sequence[str]) -> Mapping[str, Sequence[Known]]:
        found = self._context.facts_of(sorted(names)) if names else {}
        return {name: _ordered(some) for name, some in found.items()}

    def _others(self, entity: str) -> list[Known]:
        """The events of the addresses and browsers that are this record's."""
        context = self._context
        subjects = context.members_of(context.cluster_of(entity, 0)) - {entity}
        self.needs |= {ADDRESS + entity, VISITOR + entity}
        self.needs |= {MEMBER + subject for subject in subjects}
        facts = context.facts_of(sorted(subjects)) if subjects else {}
        return [
            known
            for subject, some in facts.items()
            for known in some
            if context.record_of(subject, known.event.occurred_at) == entity
        ]

    def _related(
        self, record: History, own: Sequence[Known], everyone: Sequence[Known],
        path: tuple[str, ...],
    ) -> Mapping[str, tuple[Related, ...]]:  # fmt: skip
        if not self._relations or len(path) >= _DEEPEST or record.id in path:
            return {}
        related = {
            relation: found
            for relation, found in orders_and_the_like(everyone).items()
            if relation in self._relations
        }
        further = (*path, record.id)
        if record.kind == "account" and "contacts" in self._relations:
            related["contacts"] = tuple(self._people(record.id, own, further))
        if record.kind != "account" and "account" in self._relations:
            related["account"] = tuple(self._companies(record, further))
        return related

    def _people(
        self, company: str, own: Sequence[Known], path: tuple[str, ...]
    ) -> Iterator[Related]:
        """Those who ever belonged to a company, by themselves or by what a merge chose for them."""
        named = {str(k.payload.id) for k in own if isinstance(k.payload, ContactTold)}
        facts = self._facts_of(sorted(named))
        kin = {other for name in facts for other in self.kin(name, facts[name]).others}
        facts = {**facts, **self._facts_of(sorted(kin - named))}
        self.needs |= {MEMBER + name for name in named | kin}
        for name in sorted(facts):
            if kind_of(name, facts[name]) == "contact" or name in named:
                yield self._person(name, facts, company, path)

    def _person(
        self, name: str, facts: Mapping[str, Sequence[Known]], company: str, path: tuple[str, ...]
    ) -> Related:
        """One of a company's people, and when: by any record that is the same person."""
        history = self.of(name, "contact", facts[name], path)
        employed = _employed(history, company)
        for other, tie in self.kin(name, facts[name]).ties().items():
            own = _said(other, "contact", facts.get(other, ()), None)
            theirs = _employed(History(other, own), company)
            employed = either(employed, both(tie, theirs))
        return Related(history, employed)

    def _companies(self, person: History, path: tuple[str, ...]) -> Iterator[Related]:
        """Those that a person ever belonged to, and what they are merged into; each once."""
        named = sorted({str(one.value) for one in person.said.get(_EMPLOYER, ()) if one.value})
        self.needs |= {MEMBER + name for name in named}
        facts = dict(self._facts_of(named))
        ties = {name: _employed(person, name) for name in facts}
        for name in list(facts):
            employed = _employed(person, name)
            for other, tie in self.kin(name, facts[name]).ties().items():
                ties[other] = either(ties.get(other, ()), both(tie, employed))
        facts.update(self._facts_of(sorted(ties.keys() - facts.keys())))
        for name in sorted(ties.keys() & facts.keys()):
            yield Related(self.of(name, "account", facts[name], path), ties[name])


def _stands_beside(other: Kin, tie: tuple[Tie, ...]) -> bool:
    """Whether another record is one of its own at any moment at which it is the same person."""
    free = tied_when(other.gone()).map(lambda is_gone: not is_gone)
    return any(joined(all, [tied_when(tie), free]).values)


def _ordered(facts: Iterable[Known]) -> list[Known]:
    return sorted(facts, key=lambda known: known.order)


def _begins(entity: str, own: Sequence[Known]) -> Said | None:
    """When the record came to exist: as its creation says, else with the first that names it."""
    created = [k for k in own if k.event.type.endswith(".created") and _is_of(entity, k)]
    first = (created or list(own))[0]
    return Said(first.event.occurred_at, None, first.id)


def _is_of(entity: str, known: Known) -> bool:
    match known.payload:
        case ContactTold(id=identity) | AccountTold(id=identity):
            return str(identity) == entity
        case LeadNoted(lead_id=identity):
            return str(identity) == entity
    return False


def _said(
    entity: str, kind: str, own: Sequence[Known], begins: Said | None
) -> Mapping[str, tuple[Said, ...]]:
    found: dict[str, list[Said]] = {}
    for known in own:
        if _is_of(entity, known):
            for path, value in _values(kind, known):
                said = Said(known.event.occurred_at, value, known.id)
                found.setdefault(path, []).append(said)
    if begins is not None:
        created = Said(begins.at, format_instant(begins.at), begins.event)
        found["created_at"] = [created]
    return {path: tuple(said) for path, said in found.items()}


def fields_in(entity: str, kind: str, known: Known) -> list[str]:
    """The fields of a record that an event gives values to."""
    return [path for path, _ in _values(kind, known)] if _is_of(entity, known) else []


def consents_in(known: Known) -> bool:
    """Whether an event is an entry of the consent ledger."""
    return any(True for _ in ledger_of([known]))


def _values(kind: str, known: Known) -> Iterator[tuple[str, Any]]:
    """The fields that an event gives values to, as JSON data."""
    data = orjson.loads(known.event.data)
    if isinstance(known.payload, LeadNoted):
        status = known.payload.status
        yield "status", status
        yield "state", lead_state(status)
        named = {n: data[n] for n in _LEAD_LINKS if data.get(n) is not None}
        customer = known.payload.customer
        linked = {f"{customer.kind}_id": str(customer.id)} if customer is not None else {}
        changes = {**linked, **named, **known.payload.changes}
    else:
        changes = data.get("changes", {})
    for name, value in changes.items():
        if name == "attributes" and isinstance(value, dict):
            yield from _attributes(value, "attributes")
        else:
            yield name, value


_LEAD_LINKS = ("campaign_id", "response_id", "account_id", "contact_id", "opportunity_id")


def _attributes(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        yield f"{path}.{name}", inner
        if isinstance(inner, dict):
            yield from _attributes(inner, f"{path}.{name}")


def _done(
    facts: Sequence[Known], types: frozenset[str], classifier: int
) -> Mapping[str, tuple[Done, ...]]:
    verdicts: dict[str, list[Known]] = {}
    for known in facts:
        if isinstance(known.payload, InteractionJudged):
            verdicts.setdefault(str(known.payload.event_id), []).append(known)
    found: dict[str, list[Done]] = {}
    for known in facts:
        if known.event.type in types and not known.event.test:
            props = orjson.loads(known.event.data)
            said = tuple(_verdicts(verdicts.get(known.id, ()), classifier))
            one = Done(known.event.occurred_at, known.id, props, "hit" in props, said)
            found.setdefault(known.event.type, []).append(one)
    return {kind: tuple(ones) for kind, ones in found.items()}


def _verdicts(judged: Iterable[Known], classifier: int) -> Iterator[Verdict]:
    """Verdicts in their order, by the version of the classifier that counts."""
    payloads = [(k, k.payload) for k in judged if isinstance(k.payload, InteractionJudged)]
    mine = [(p.ordinal, k, p) for k, p in payloads if p.classifier_version == classifier]
    for _, known, said in sorted(mine, key=lambda one: one[0]):
        yield Verdict(known.event.occurred_at, said.verdict == "human", known.id)


def ledger_of(facts: Sequence[Known]) -> Iterator[Allowed]:
    """The consent ledger: entries, and what is one by itself (R11)."""
    for known in facts:
        event = known.event
        match known.payload:
            case ConsentEntry(channel=channel, purpose=purpose):
                yield _entry(event, known, channel, purpose, event.type == "consent.granted")
            case EmailPreference(purpose=purpose) if event.type != "email.complained":
                is_back = event.type == "email.resubscribed"
                yield _entry(event, known, "email", purpose, is_back)
            case SmsReceived(keyword="stop" | "start" as keyword):
                yield _entry(event, known, "sms", "marketing", keyword == "start")


def _entry(event: Event, known: Known, channel: str, purpose: str, granted: bool) -> Allowed:
    is_day = event.precision is Precision.DAY
    return Allowed(event.occurred_at, known.id, channel, purpose, granted, event.subject_id, is_day)


def _listed(entity: str, own: Sequence[Known]) -> Mapping[str, tuple[Listed, ...]]:
    found: dict[str, list[tuple[int, Listed]]] = {}
    for known in own:
        payload = known.payload
        if isinstance(payload, ListMemberStep) and str(payload.member.id) == entity:
            is_on = known.event.type == "list.member_added"
            one = Listed(known.event.occurred_at, is_on, known.id)
            found.setdefault(str(payload.list_id), []).append((known.event.version or 0, one))
    return {name: tuple(one for _, one in sorted(ones, key=lambda o: o[0]))
            for name, ones in found.items()}  # fmt: skip


_EMPLOYER = "account_id"


def _employed(person: History, company: str) -> tuple[Tie, ...]:
    """When a person or lead belongs to a company."""
    told = person.said.get(_EMPLOYER, ())
    return tuple(Tie(one.at, str(one.value) == company, one.event) for one in told)
