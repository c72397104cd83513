"""Which records are the same person or company: by now, and at every moment of data time (R28).

A record that is merged points at the one it is merged into; links join records of different kinds.
Records that lead to each other are one cluster. What is known of it follows from the decisions
about all its records, each of which is kept for the two that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from projections.folds.fold import Known
from projections.rules.history import Tie
from schemas.calendar import NEVER
from schemas.decisions.identity import IdentityLinked, IdentityMerged, IdentityStep

FactsOf = Callable[[Sequence[str]], Mapping[str, Sequence[Known]]]
IDENTITY = frozenset(
    ("identity.merged", "identity.unmerged", "identity.linked", "identity.unlinked")
)
_KINDS = ("contact", "lead", "account")


def kin_of(record: str, own: Iterable[Known], facts_of: FactsOf) -> Kin:
    """All records that have ever been joined with one, by what is kept of it and of them."""
    told: dict[str, Known] = {}
    names, rest = {record}, [record]
    facts: Mapping[str, Iterable[Known]] = {record: own}
    while rest:
        near: set[str] = set()
        for name in rest:
            for known in facts.get(name, ()):
                # By type: to read what the others say takes longer than all of this.
                if known.event.type in IDENTITY:
                    told[known.id] = known
                    near.update(joined_by(known))
        rest = sorted(near - names)
        names.update(rest)
        facts = facts_of(rest) if rest else {}
    return Kin(record, tuple(told.values()))


def joined_by(known: Known) -> list[str]:
    """The two records that a decision about identity joins, or parts."""
    payload = known.payload
    return [str(ref.id) for ref in payload.subjects] if isinstance(payload, IdentityStep) else []


@dataclass(frozen=True, slots=True)
class Merge:
    """From an instant on a record is merged into another one; ``None``: no longer."""

    at: int
    into: str | None
    event: str
    choices: Mapping[str, str] = field(default_factory=dict)


class Kin:
    """A record and those that it has ever been joined with."""

    def __init__(self, record: str, told: Sequence[Known] = ()) -> None:
        self.record = record
        self._told = told
        self.kinds: dict[str, str] = {}
        self._merges: dict[str, list[Merge]] = {}
        self._links: dict[tuple[str, str], list[Tie]] = {}
        # Those of one stream in the order of its versions: data time may be the same, or go back.
        for known in sorted(told, key=lambda k: (k.event.version or 0, k.id)):
            self._note(known)

    @property
    def others(self) -> list[str]:
        """All but the record itself."""
        return sorted(self.kinds.keys() - {self.record})

    def seen_from(self, record: str) -> Kin:
        """The same, for another one of them."""
        return Kin(record, self._told)

    @property
    def same(self) -> set[str]:
        """The records that are the same person or company by now, this one among them."""
        return self._together(NEVER)

    def root(self) -> str:
        """The record that stands for all by now."""
        same = self.same
        # Decisions of two records may come crosswise: for a moment each is merged into the other.
        standing = [name for name in same if self._into(name, NEVER) is None] or same
        return min(standing, key=lambda name: (self._rank(name), name))

    def survivor(self) -> str:
        """The record that this one is merged into by now, through whatever others; or itself."""
        name, seen = self.record, {self.record}
        while (into := self._into(name, NEVER)) is not None and into not in seen:
            name = into
            seen.add(name)
        return name

    def gone(self) -> tuple[Tie, ...]:
        """When the record is merged into another one."""
        merges = self._merges.get(self.record, ())
        return tuple(Tie(one.at, one.into is not None, one.event) for one in merges)

    def absorbed(self) -> list[tuple[str, Merge, Merge | None]]:
        """Which records were merged into this one, and what undid that."""
        return [
            (name, one, undone)
            for name, merges in sorted(self._merges.items())
            for one, undone in zip_longest(merges, merges[1:])
            if one.into == self.record
        ]

    def ties(self) -> dict[str, tuple[Tie, ...]]:
        """By other record, from when on it is the same as this one, or no longer."""
        ties: dict[str, list[Tie]] = {name: [] for name in self.others}
        for at, event in self._moments():
            together = self._together(at)
            for name, known in ties.items():
                holds = name in together
                if holds != (bool(known) and known[-1].holds):
                    known.append(Tie(at, holds, event))
        return {name: tuple(known) for name, known in ties.items()}

    def _note(self, known: Known) -> None:
        payload, at = known.payload, known.event.occurred_at
        if not isinstance(payload, IdentityStep):
            raise TypeError(f"{known.event.type} is no decision about identity.")
        for ref in payload.subjects:
            self.kinds[str(ref.id)] = ref.kind
        first, second = (str(ref.id) for ref in payload.subjects)
        if isinstance(payload, IdentityLinked):
            pair = (min(first, second), max(first, second))
            links = self._links.setdefault(pair, [])
            links.append(
                Tie(_not_before(at, links), known.event.type == "identity.linked", known.id)
            )
            return
        merges = self._merges.setdefault(second, [])
        moment = _not_before(at, merges)
        if isinstance(payload, IdentityMerged):
            choices = {path: str(chosen) for path, chosen in payload.choices.items()}
            merges.append(Merge(moment, first, known.id, choices))
        else:
            merges.append(Merge(moment, None, known.id))

    def _rank(self, name: str) -> int:
        kind = self.kinds.get(name, "")
        return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)

    def _into(self, name: str, at: int) -> str | None:
        then = [one.into for one in self._merges.get(name, ()) if one.at <= at]
        return then[-1] if then else None

    def _moments(self) -> list[tuple[int, str]]:
        """The instants at which something changed, in their order, each with an event of then."""
        merges = ((m.at, m.event) for some in self._merges.values() for m in some)
        links = ((tie.at, tie.event) for some in self._links.values() for tie in some)
        return sorted(dict(sorted((*merges, *links))).items())

    def _together(self, at: int) -> set[str]:
        """All that lead to the record at an instant, itself among them."""
        near: dict[str, set[str]] = {}
        for name in self._merges:
            into = self._into(name, at)
            if into is not None:
                near.setdefault(name, set()).add(into)
                near.setdefault(into, set()).add(name)
        for (first, second), links in self._links.items():
            then = [one.holds for one in links if one.at <= at]
            if then and then[-1]:
                near.setdefault(first, set()).add(second)
                near.setdefault(second, set()).add(first)
        found, rest = {self.record}, [self.record]
        while rest:
            new = near.get(rest.pop(), set()) - found
            found |= new
            rest += new
        return found


def _not_before(at: int, earlier: Sequence[Merge] | Sequence[Tie]) -> int:
    return max(at, earlier[-1].at) if earlier else at
