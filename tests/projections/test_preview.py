"""What a rule would change is what it does change when it is published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from projections.reading.reads import Reads
from schemas.errors import NotFound
from schemas.views import MemberView, Past
from tests.support.listed import (
    ANN,
    BOB,
    DAY,
    IN_GDYNIA,
    LIST,
    OTHER,
    THIRD,
    members,
    publish,
    settle,
    told,
)
from tests.support.lives import life, put_rules_in_force
from tests.support.random_rules import Chance
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes


def whole(
    reads: Reads, where: dict[str, Any], list_id: UUID = LIST, member: str = "contact",
    limit: int = 3,
) -> tuple[int, set[str], set[str]]:  # fmt: skip
    """All parts of a preview: how many would be members, who would join, and who would leave."""
    body = {"v": 1, "member": member, "tz": "UTC", "where": where}
    count, joins, leaves = 0, set[str](), set[str]()
    cursor, more = None, True
    while more:
        part = reads.preview(WORKSPACE, list_id, body, cursor, limit)
        count += part.members
        joins.update(map(str, part.joins))
        leaves.update(map(str, part.leaves))
        cursor, more = part.next_cursor, part.next_cursor is not None
    return count, joins, leaves


def test_who_would_join_and_who_would_leave(world: World) -> None:
    world.append(told(world, 1, "a", city="Gdynia"), told(world, 2, "b", city="Sopot"))
    settle(world)
    reads = world.reads()
    assert whole(reads, IN_GDYNIA) == (1, {ANN}, set())
    publish(world, IN_GDYNIA)
    settle(world)
    assert whole(reads, IN_GDYNIA) == (1, set(), set())
    assert whole(reads, {"not": IN_GDYNIA}) == (1, {BOB}, {ANN})
    assert members(world) == {ANN}  # nothing has changed


RULES: tuple[tuple[UUID, str, dict[str, Any]], ...] = (
    (LIST, "contact", {"did": "email.clicked", "within": {"last": "P20D"}}),
    (LIST, "contact", {"not": {"did": "form.submitted", "verdict": "any"}}),
    (OTHER, "account", {"has": "contacts", "where": {"in_list": str(THIRD)}}),
    (OTHER, "account", {"has": "contacts", "where": {"did": "email.clicked"},
                        "count": {"op": "eq", "n": 0}}),
    (THIRD, "contact", {"any": [{"in_list": str(LIST)}, IN_GDYNIA]}),
    (THIRD, "contact", {"has": "account", "where": {"field": "name", "op": "eq",
                                                    "value": "Ship"}}),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_a_preview_is_what_comes_of_it(world: World, seed: int) -> None:
    world.append(*life(world, Chance(seed)))
    put_rules_in_force(world)
    settle(world)
    reads, changed = world.reads(), 0
    for version, (list_id, member, where) in enumerate(RULES, 2):
        before = members(world, list_id)
        count, joins, leaves = whole(reads, where, list_id, member)
        publish(world, where, version, list_id=list_id, member=member)
        settle(world)
        after = members(world, list_id)
        assert (joins, leaves) == (after - before, before - after), where
        assert count == len(after)
        changed += len(joins | leaves)
    assert changed


@pytest.mark.slow
def test_members_by_any_version_of_the_rule_are_those_it_would_have(world: World) -> None:
    """N3: by the version in force they are the members; by another, those of a preview."""
    chance = Chance(1)
    world.append(*life(world, chance))
    rules = put_rules_in_force(world)
    settle(world)
    reads = world.reads()
    before = reads.members(WORKSPACE, LIST, Past(), None, 1000).data
    publish(world, {"not": IN_GDYNIA}, version=2)
    settle(world)
    now = reads.members(WORKSPACE, LIST, Past(), None, 1000).data
    assert now
    assert by_version(reads, 2) == now
    assert before
    assert by_version(reads, 1) == before  # with the spans and causes of then
    first = {str(one.member) for one in before}
    _, joins, leaves = whole(reads, rules[LIST]["where"])
    assert first == {str(one.member) for one in now} - leaves | joins
    assert first != {str(one.member) for one in now}
    # ... and as they would have been at any moment.
    for at in (world.clock() - 25 * DAY, world.clock() - 40 * DAY):
        then = reads.members(WORKSPACE, LIST, Past(as_of=at), None, 1000).data
        assert by_version(reads, 2, at) == then
    with pytest.raises(NotFound):
        reads.members(WORKSPACE, LIST, Past(), None, 10, 7)


def by_version(reads: Reads, version: int, as_of: int | None = None) -> list[MemberView]:
    found: list[MemberView] = []
    cursor, more = None, True
    while more:
        part = reads.members(WORKSPACE, LIST, Past(as_of=as_of), cursor, 2, version)
        found += part.data
        cursor, more = part.next_cursor, part.next_cursor is not None
    return found
