"""Lists are a function of the events: any order, any page, and a rebuild give the same ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from projections.dead_letters import letters
from projections.folds.fold import Context, Known, Outcome, Standing
from projections.folds.members.fold import Members
from schemas.calendar import NEVER
from tests.support.listed import (
    DAY,
    IN_GDYNIA,
    LIST,
    OTHER,
    THIRD,
    docs,
    publish,
    settle,
)
from tests.support.lives import life, own_deed, put_rules_in_force, who_is_who
from tests.support.random_rules import Chance
from tests.support.world import World

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_any_page_gives_the_same_lists(tmp_path: Path, seed: int) -> None:
    """... and so does a rebuild of everything."""
    found = []
    for turn in range(2):
        with World(tmp_path, f"{seed}-{turn}") as world:
            records = life(world, Chance(seed))
            # Every second life has people of whom it turns out that they are the same.
            records += who_is_who(world, Chance(seed)) if seed % 2 else []
            chance = Chance(seed * 10 + turn)
            if turn:
                chance.shuffle(records)
            for place in range(0, len(records), 7):
                world.append(*records[place : place + 7])
                if place == 0:
                    put_rules_in_force(world)
                while world.turn(chance.one(3, 50)):
                    pass
            world.clock.advance(40 * DAY)
            settle(world)
            found.append([
                (doc.list_id, doc.member, [(i.since, i.until, i.clause) for i in doc.intervals])
                for list_id in (LIST, OTHER, THIRD)
                for _, doc in sorted(docs(world, list_id).items())
            ])  # fmt: skip
            assert all(one.equal for one in world.rebuilt())
    assert found[0] == found[1]
    assert len(found[0]) > 1


def another_rule(world: World, chance: Chance, version: int) -> None:
    """A list has another rule from now on, or none any more."""
    in_sopot = {"field": "city", "op": "eq", "value": "Sopot"}
    opened = {"did": "email.clicked", "within": {"last": "P3D"}}
    list_id = chance.one(LIST, THIRD)
    where = chance.one(in_sopot, opened, {"not": IN_GDYNIA}, {"all": [opened, in_sopot]})
    if chance.one(True, False, False):
        step = {"definition_id": str(list_id), "kind": "list", "version": version, "body": {}}
        stream = f"definition:{list_id}"
        world.append(world.decision("definition.retired", step, stream, version, list_id))
        world.clock.advance(6_000)
    else:
        publish(world, where, version, list_id=list_id)


@pytest.mark.parametrize("seed", range(4))
def test_the_shorter_way_comes_to_the_same_at_every_position(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whenever only some lists are worked out again, the others would have stayed as they are."""
    compared: Counter[str] = Counter()
    follow = Members.follow

    def follow_and_compare(
        self: Members, entity: str, facts: Sequence[Known], fresh: Sequence[Known],
        standing: Standing, context: Context,
    ) -> Outcome:  # fmt: skip
        short = follow(self, entity, facts, fresh, standing, context)
        whole = self.fold(entity, facts, context)
        kind = fresh[-1].event.type if fresh else "a rule"
        stays = {name: context.document(table, name) for table, name in short.same}
        found = {row.id: row.content for row in short.rows} | stays
        assert found == {row.id: row.content for row in whole.rows}, kind
        assert (short.due_at or 0) <= (whole.due_at or NEVER)
        assert short.due_at is not None or whole.due_at is None
        assert short.needs == whole.needs
        compared[kind] += 1
        compared["both"] += bool(fresh) and standing.since is not None
        return short

    monkeypatch.setattr(Members, "follow", follow_and_compare)
    with World(tmp_path, f"short-{seed}") as world:
        chance = Chance(seed)
        world.append(*life(world, chance)[:4])
        put_rules_in_force(world)
        settle(world)
        for number in range(60):
            world.clock.advance(chance.one(0, 1, DAY // 2))
            if number % 7 == 3:
                another_rule(world, chance, version=number)
            world.append(own_deed(world, chance, chance.one(0, 1, 2), f"own {number}"))
            world.rows_sink.step(100)
            world.relay.send()
            if number % 10 == 9:
                settle(world)
        assert [letter.error for letter in letters(world.rows)] == []
    assert compared.keys() >= {"email.clicked", "contact.changed", "consent.granted"}
    assert compared["a rule"] > 10
    assert compared["both"]
