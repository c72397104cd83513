"""The rules of dynamic lists that are in force, read and ready to be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import orjson

from projections.folds.reference import ListRule, ReferenceBook
from schemas.errors import InvalidInput
from schemas.rules.language import Rule
from schemas.rules.parsing import parse_rule


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules of one workspace at a moment, by list."""

    rules: Mapping[UUID, Rule]
    versions: Mapping[UUID, ListRule]

    def of(self, kind: str) -> Sequence[UUID]:
        """The lists of records of a kind, in the order of their ids."""
        return sorted(name for name, rule in self.rules.items() if rule.member == kind)

    def reading(self, names: frozenset[str], kind: str) -> Sequence[UUID]:
        """The lists of a kind whose rules read any of these, or a list whose rule does."""
        found = {name for name, rule in self.rules.items() if rule.reads & names}
        more = found
        while more:
            lists = frozenset(f"list:{name}" for name in more)
            more = {n for n, rule in self.rules.items() if rule.reads & lists} - found
            found = found | more
        return [name for name in self.of(kind) if name in found]

    @property
    def reads(self) -> frozenset[str]:
        """All that they read."""
        return frozenset().union(*(rule.reads for rule in self.rules.values()))


def in_force(book: ReferenceBook, workspace: str, at: int) -> InForce:
    """The rules in force at a recorded time."""
    versions = {one.list_id: one for one in book.list_rules(workspace, at)}
    read = {name: read_rule(one) for name, one in versions.items()}
    return InForce({name: rule for name, rule in read.items() if rule is not None}, versions)


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
