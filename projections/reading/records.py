"""The histories of records as rules read them, many at a time, for readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa

from events.cursor import Cursor
from projections.folds.fold import Known
from projections.folds.identity import claims, identifies, is_record
from projections.folds.keeping import Keeping
from projections.folds.kin import IDENTITY, Kin
from projections.folds.lookups import Lookups
from projections.folds.members.fold import Members
from projections.folds.members.histories import Histories, consents_in, kind_of
from projections.folds.met import Met
from projections.folds.reference import ReferenceBook
from projections.generations import versions_in
from projections.judgements.classifiers import classifier_version
from projections.rules.history import History
from schemas.envelope import Position

_AT_ONCE = 400


class Records:
    """What is known of records of one workspace and generation, in one transaction.

    ``reads`` are what rules read: types of events, relations.
    """

    def __init__(
        self, connection: sa.Connection, generation: int, workspace: str, reads: frozenset[str]
    ) -> None:
        self._met = Met()
        self._book = ReferenceBook()
        self._reads = reads
        self._classifier = classifier_version(versions_in(connection, generation), workspace)
        keeping = Keeping(connection, generation, self._met)
        self._facts_of = partial(keeping.facts, Members(self._book), workspace)
        self._lookups = partial(Lookups, connection, generation, workspace, span=(0, 0))
        self._kinds: dict[str, str] = {}
        self._histories: dict[str, History] = {}
        self._kin: dict[str, Kin] = {}
        self._newest: dict[str, tuple[str, str]] = {}
        self._told: dict[str, list[str]] = {}
        self._asked: set[str] = set()

    def read(self, names: Sequence[str]) -> None:
        """Have what is known of these at hand."""
        asked = sorted({name for name in names if name and name not in self._asked})
        for start in range(0, len(asked), _AT_ONCE):
            self._read(asked[start : start + _AT_ONCE])

    def kind(self, name: str) -> str | None:
        """What a record is; ``None`` if it can be on no list."""
        self.read([name])
        return self._kinds.get(name)

    def history(self, name: str) -> History | None:
        """What is known of a record; ``None`` is nothing."""
        self.read([name])
        return self._histories.get(name)

    def kin(self, name: str) -> Kin:
        """With which other records it is the same person or company."""
        self.read([name])
        return self._kin.get(name) or Kin(name)

    def positions(self, name: str) -> tuple[str, str]:
        """Where the newest entries lie of what the person allows, and of who it is."""
        return self._newest.get(name, ("", ""))

    def times(self, name: str) -> dict[str, int]:
        """When the events happened that a record's history was made of."""
        self.read([name])
        known = [self._met.get(event) for event in self._told.get(name, ())]
        return {one.id: one.event.occurred_at for one in known if one is not None}

    def met(self, event: str) -> Known | None:
        """A fact that was read for a history."""
        return self._met.get(event)

    def identity(self, name: str) -> list[Known]:
        """What was read of who a record is, in the order of the log's clock."""
        self.read([name])
        known = [one for one in map(self._met.get, self._told.get(name, ())) if one is not None]
        return sorted(filter(_tells_who, known), key=_recorded)

    def subjects(self, name: str) -> list[str]:
        """The records and addresses that are the person's by now."""
        same = self.kin(name).same
        lookups = self._lookups(subjects=sorted(same))
        members = lookups.members_of(lookups.cluster_of(name, 0))
        addresses = {
            one for one in members if not is_record(one) and lookups.record_of(one, 0) in same
        }
        return sorted(same | addresses)

    def _read(self, names: Sequence[str]) -> None:
        facts = self._facts_of(names)
        lookups = self._lookups(subjects=names)
        histories = Histories(
            lookups.context(self._book, 0, self._classifier, self._facts_of), self._reads
        )
        self._asked.update(names)
        for name in names:
            own = sorted(facts.get(name, []), key=lambda known: known.order)
            kind = kind_of(name, own)
            if kind is not None:
                histories.times.clear()
                self._kinds[name] = kind
                self._kin[name] = histories.kin(name, own)
                self._histories[name] = histories.of(name, kind, own)
                self._told[name] = list(histories.times)
                self._newest[name] = self._positions(self._told[name])

    def _positions(self, events: Sequence[str]) -> tuple[str, str]:
        known = [one for one in map(self._met.get, events) if one is not None]
        return _newest(known, consents_in), _newest(known, _tells_who)


def _tells_who(known: Known) -> bool:
    return bool(known.event.type in IDENTITY or claims(known) or identifies(known))


def _recorded(known: Known) -> tuple[int, Position]:
    return known.event.recorded_at, known.event.position


def _newest(known: Sequence[Known], condition: Callable[[Known], bool]) -> str:
    some = [one for one in known if condition(one)]
    if not some:
        return ""
    last = max(some, key=_recorded)
    return Cursor.after([last.event.position]).encode()
