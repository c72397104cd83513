"""The rules of dynamic lists that are in force, read and ready to be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import orjson

from projections.folds.reference import ListRule, ReferenceBook
from schemas.calendar import NEVER
from schemas.errors import InvalidInput
from schemas.rules.language import Rule
from schemas.rules.parsing import parse_rule


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules of one workspace at a moment, by list."""

    rules: Mapping[UUID, Rule]
    versions: Mapping[UUID, ListRule]
    kinds: Mapping[str, Sequence[UUID]]
    reads: frozenset[str]
    """All that they read."""
    read_by: Mapping[str, Sequence[UUID]]

    def of(self, kind: str) -> Sequence[UUID]:
        """The lists of records of a kind, in the order of their ids."""
        return self.kinds.get(kind, ())

    def reading(
        self, names: frozenset[str], kind: str, changed: frozenset[UUID] = frozenset()
    ) -> Sequence[UUID]:
        """Lists of a kind whose rules read any of these, or have changed, or read such a list."""
        found = set(changed)
        rest = [*names, *(f"list:{name}" for name in changed)]
        while rest:
            more = [one for one in self.read_by.get(rest.pop(), ()) if one not in found]
            found.update(more)
            rest += [f"list:{name}" for name in more]
        return [name for name in self.of(kind) if name in found]


class RulesInForce:
    """What is in force, worked out once for as long as it holds."""

    def __init__(self, book: ReferenceBook) -> None:
        self._book = book
        self._known: dict[str, tuple[int, int, int, InForce]] = {}

    def at(self, workspace: str, moment: int) -> InForce:
        """The rules in force at a recorded time."""
        changes, since, until, lists = self._known.get(workspace, (-1, 0, 0, _NONE))
        if changes != self._book.changes or not since <= moment < until:
            lists = in_force(self._book, workspace, moment)
            until = self._book.next_list_change(workspace, moment) or NEVER
            self._known[workspace] = (self._book.changes, moment, until, lists)
        return lists


def in_force(book: ReferenceBook, workspace: str, at: int) -> InForce:
    """The rules in force at a recorded time."""
    versions = {one.list_id: one for one in book.list_rules(workspace, at)}
    read = {name: read_rule(one) for name, one in versions.items()}
    rules = {name: rule for name, rule in read.items() if rule is not None}
    kinds: dict[str, list[UUID]] = {}
    read_by: dict[str, list[UUID]] = {}
    for list_id in sorted(rules):
        kinds.setdefault(rules[list_id].member, []).append(list_id)
        for name in rules[list_id].reads:
            read_by.setdefault(name, []).append(list_id)
    return InForce(rules, versions, kinds, frozenset(read_by), read_by)


_NONE = InForce({}, {}, {}, frozenset(), {})


def read_rule(one: ListRule) -> Rule | None:
    """A published rule; ``None`` if this version of the program cannot read it."""
    return _parsed(orjson.dumps(one.body, option=orjson.OPT_SORT_KEYS))


@lru_cache(maxsize=2000)
def _parsed(body: bytes) -> Rule | None:
    try:
        # Names were resolved when the rule was published: lists are named by their ids.
        return parse_rule(orjson.loads(body), UUID)
    except (InvalidInput, ValueError):
        return None
