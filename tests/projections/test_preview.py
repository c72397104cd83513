"""What a rule would change is what it does change when it is published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from projections.reading.reads import Reads
from tests.support.listed import (
    ANN,
    BOB,
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
