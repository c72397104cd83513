"""What is known of one record, as rules read it: an account, contact, lead, order and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from projections.rules.steps import EVER, Steps


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
class Done:
    """Something that happened, with its payload as JSON data. Without verdicts it counts as human
    unless it is ``judged``: then nobody knows yet.
    """

    at: int
    event: str
    props: Mapping[str, Any]
    judged: bool = False
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """An entry of the consent ledger of one record."""

    at: int
    event: str
    channel: str
    purpose: str
    granted: bool
    record: str = ""
    is_day: bool = False


@dataclass(frozen=True, slots=True)
class Tie:
    """From an instant on a related record belongs here, or no longer."""

    at: int
    holds: bool
    event: str


@dataclass(frozen=True, slots=True)
class Related:
    """A related record and when it belongs here."""

    history: History
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """From an instant on on a static list, or no longer."""

    at: int
    member: bool
    event: str


@dataclass(frozen=True, slots=True)
class History:
    """Everything in the order of data time; ``said`` by field, ``done`` by type, ``listed`` by
    list, ``scored`` by score: the points from an instant on.
    """

    id: str
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
        return Steps.of(False, [(begins, True)]) if begins != EVER else Steps.always(True)


def only(history: History, events: Iterable[str]) -> History:
    """What would be known if these were all the events there are."""
    kept = frozenset(events)

    def cited(ones: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(one for one in ones if one.event in kept)

    def each(many: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        return {name: cited(ones) for name, ones in many.items()}

    done = {
        name: tuple(
            Done(one.at, one.event, one.props, one.judged, cited(one.verdicts))
            for one in cited(ones)
        )
        for name, ones in history.done.items()
    }
    related = {
        name: tuple(
            Related(only(one.history, kept), cited(one.ties))
            for one in ones
            if any(tie.event in kept for tie in one.ties)
        )
        for name, ones in history.related.items()
    }
    begins = history.begins if history.begins and history.begins.event in kept else None
    if history.begins and begins is None:
        begins = Said(2**62, None, "")
    return History(
        history.id, each(history.said), done, related, cited(history.allowed),
        each(history.listed), each(history.scored), begins,
    )  # fmt: skip
