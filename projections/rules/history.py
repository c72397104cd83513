"""What is known of one record, as rules read it: an account, contact, lead, order and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from projections.rules.steps import EVER, Steps, joined


@dataclass(frozen=True, slots=True)
class Said:
    """A value that a field was given; null empties it."""

    at: int
    value: Any
    event: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """From an instant on a hit was taken for a human's, or no longer."""

    at: int
    human: bool
    event: str


@dataclass(frozen=True, slots=True)
class Tie:
    """From an instant on something belongs here, or no longer."""

    at: int
    holds: bool
    event: str


Ties = tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """Something that happened, with its payload as JSON data. Without verdicts it counts as human
    unless it is ``judged``: then nobody knows yet. With ``ties`` it is another record's, and
    counts while that is the same person.
    """

    at: int
    event: str
    props: Mapping[str, Any]
    judged: bool = False
    verdicts: tuple[Verdict, ...] = ()
    ties: Ties | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """An entry of the consent ledger of one record; with ``ties``, of another record's."""

    at: int
    event: str
    channel: str
    purpose: str
    granted: bool
    record: str = ""
    is_day: bool = False
    ties: Ties | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """A related record and when it belongs here."""

    history: History
    ties: Ties


@dataclass(frozen=True, slots=True)
class Listed:
    """From an instant on on a static list, or no longer; with ``ties``, another ``record`` is."""

    at: int
    member: bool
    event: str
    record: str = ""
    ties: Ties | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Everything in the order of data time; ``said`` by field, ``done`` by type, ``listed`` by
    list, ``scored`` by score: the points from an instant on.

    What belongs to other records of the same person or company stands here too, beside its ties.
    ``kin`` are those of them that may be on lists of their own. While the record is ``gone``
    another one stands for it.
    """

    id: str
    kind: str = field(default="", kw_only=True)
    kin: tuple[Related, ...] = field(default=(), kw_only=True)
    gone: Ties = field(default=(), kw_only=True)
    said: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    done: Mapping[str, tuple[Done, ...]] = field(default_factory=dict)
    related: Mapping[str, tuple[Related, ...]] = field(default_factory=dict)
    allowed: tuple[Allowed, ...] = ()
    listed: Mapping[str, tuple[Listed, ...]] = field(default_factory=dict)
    scored: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    begins: Said | None = None
    """When the record came to exist, and the event that says so."""
    truths: dict[int, tuple[Any, Steps[Any]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """By the identity of a clause, the clause and when it is true: reasons ask for it again."""
    _values: dict[str, Steps[Any]] = field(default_factory=dict, compare=False, repr=False)
    """Many rules ask for the same fields."""

    def values(self, path: str) -> Steps[Any]:
        """A field's value at every moment; ``None`` while nothing is known."""
        known = self._values.get(path)
        if known is None:
            said = ((one.at, one.value) for one in self.said.get(path, ()))
            known = self._values[path] = Steps.of(None, said)
        return known

    def exists(self) -> Steps[bool]:
        """Whether there is such a record."""
        begins = EVER if self.begins is None else self.begins.at
        begun = Steps.of(False, [(begins, True)]) if begins != EVER else Steps.always(True)
        return joined(_stands, [begun, tied_when(self.gone)]) if self.gone else begun


def tied_when(ties: Ties | None) -> Steps[bool]:
    """When something belongs here; what has no ties at all always does."""
    if ties is None:
        return Steps.always(True)
    return Steps.of(False, ((tie.at, tie.holds) for tie in ties))


def both(one: Ties, other: Ties) -> Ties:
    """When two ties hold at once."""
    return _joined_ties(all, one, other)


def either(one: Ties, other: Ties) -> Ties:
    """When one of two ties holds, or both do."""
    return _joined_ties(any, one, other) if one and other else one or other


def _joined_ties(holding: Callable[[Sequence[bool]], bool], one: Ties, other: Ties) -> Ties:
    events = {tie.at: tie.event for tie in (*other, *one)}
    holds = joined(holding, [tied_when(one), tied_when(other)])
    return tuple(Tie(at, value, events[at]) for at, value in holds if at != EVER)


def _in_common(one: Related, other: Related) -> Related:
    """What two records of one person have both told of, an order for example, is one thing."""
    ties = either(one.ties, other.ties)
    if one.history.kind:
        return Related(one.history, ties)
    said = {
        path: _by_event(one.history.said.get(path, ()), other.history.said.get(path, ()))
        for path in {*one.history.said, *other.history.said}
    }
    begins = [h.begins for h in (one.history, other.history) if h.begins is not None]
    first = min(begins, key=lambda told: told.at, default=None)
    return Related(replace(one.history, said=said, begins=first, truths={}, _values={}), ties)


def _by_event(one: Sequence[Said], other: Sequence[Said]) -> tuple[Said, ...]:
    told = {said.event: said for said in (*one, *other)}
    return tuple(sorted(told.values(), key=lambda said: (said.at, said.event)))


def with_others(
    history: History, others: Sequence[Related], gone: Ties, kin: Sequence[Related]
) -> History:
    """A record together with those that are the same person or company."""
    done = {name: list(ones) for name, ones in history.done.items()}
    related = {n: {one.history.id: one for one in ones} for n, ones in history.related.items()}
    listed = {name: list(ones) for name, ones in history.listed.items()}
    allowed = list(history.allowed)
    for one in others:
        other, ties = one.history, one.ties
        for name, dones in other.done.items():
            done.setdefault(name, []).extend(replace(each, ties=ties) for each in dones)
        for name, some in other.related.items():
            mine = related.setdefault(name, {})
            for each in some:
                theirs = Related(each.history, both(each.ties, ties))
                own = mine.get(each.history.id)
                mine[each.history.id] = theirs if own is None else _in_common(own, theirs)
        for name, steps in other.listed.items():
            put = [replace(each, record=other.id, ties=ties) for each in steps]
            listed.setdefault(name, []).extend(put)
        allowed += [replace(each, ties=ties) for each in other.allowed]
    return History(
        history.id,
        history.said,
        {name: tuple(ones) for name, ones in done.items()},
        {name: tuple(ones.values()) for name, ones in related.items()},
        tuple(allowed),
        {name: tuple(ones) for name, ones in listed.items()},
        history.scored,
        history.begins,
        kind=history.kind,
        kin=tuple(kin),
        gone=gone,
    )


def _stands(states: Sequence[bool]) -> bool:
    begun, gone = states
    return begun and not gone


def only(history: History, events: Iterable[str]) -> History:
    """What would be known if these were all the events there are."""
    kept = frozenset(events)
    begins = history.begins if history.begins and history.begins.event in kept else None
    if history.begins and begins is None:
        begins = Said(2**62, None, "")
    return History(
        history.id,
        _each(history.said, kept),
        {
            name: tuple(
                replace(one, verdicts=_cited(one.verdicts, kept)) for one in _cited(ones, kept)
            )
            for name, ones in _each(history.done, kept).items()
        },
        {name: _related(ones, kept) for name, ones in history.related.items()},
        _cited(history.allowed, kept),
        _each(history.listed, kept),
        _each(history.scored, kept),
        begins,
        kind=history.kind,
        kin=_related(history.kin, kept),
        gone=_cited(history.gone, kept),
    )


def _cited(ones: Iterable[Any], kept: frozenset[str]) -> tuple[Any, ...]:
    """Those of which an event tells; and of whose ties only those that one tells of."""
    return tuple(
        one if getattr(one, "ties", None) is None else replace(one, ties=_cited(one.ties, kept))
        for one in ones
        if one.event in kept
    )


def _each(many: Mapping[str, tuple[Any, ...]], kept: frozenset[str]) -> dict[str, tuple[Any, ...]]:
    return {name: _cited(ones, kept) for name, ones in many.items()}


def _related(ones: Iterable[Related], kept: frozenset[str]) -> tuple[Related, ...]:
    return tuple(
        Related(only(one.history, kept), _cited(one.ties, kept))
        for one in ones
        if any(tie.event in kept for tie in one.ties)
    )
