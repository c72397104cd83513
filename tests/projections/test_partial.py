"""Partial replay: what some events touch is derived anew in the live tables, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from events.codec import decode
from projections.folds.responses.fold import Responses
from projections.replay import replaying
from projections.replay.choosing import chosen, shares_of
from projections.replay.replays import Choice
from projections.stores.rows import CONTACT, KEPT, RESPONSE
from schemas.envelope import Event
from schemas.errors import InvalidInput
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.lives import life, who_is_who
from tests.support.merging import merged
from tests.support.random_rules import Chance
from tests.support.replayed import MINUTE, Operated, WithoutVisitsUntold, visited
from tests.support.world import WORKSPACE, World

pytestmark = [pytest.mark.both_modes]


def events(world: World) -> Iterator[Event]:
    """Everything in the log."""
    for (topic, partition), end in world.log.heads().items():
        yield from map(decode, world.log.read(topic, partition, 0, end).records)


def partial(operated: Operated, **said: Any) -> dict[str, int]:
    """A whole partial replay; answers what changed."""
    changed: dict[str, int] = {}
    after = ""
    while True:
        portion = operated.replaying.partial(Choice(**said), after)
        for table, count in portion.changed.items():
            changed[table] = changed.get(table, 0) + count
        after = portion.after
        if not after:
            return changed


def damage(world: World, number: int) -> None:
    """What a bug, or a hand, may have done to one person's rows."""
    person, message = str(c.person(number)), str(c.message(number))
    with world.rows.begin() as connection:
        connection.execute(RESPONSE.delete().where(RESPONSE.c.entity == person))
        connection.execute(CONTACT.delete().where(CONTACT.c.id == person))
        connection.execute(KEPT.delete().where(KEPT.c.fold == "responses", KEPT.c.entity == person))
    for table in ("message_row", "judgement"):
        key = "message_id" if table == "message_row" else "message_key"
        world.columns.run(f"DELETE FROM {table} WHERE {key} = {{m:String}}", {"m": message})
    world.columns.run("DELETE FROM response_copy WHERE person = {p:String}", {"p": person})


def test_a_person_is_mended_and_nobody_else(operated: Operated) -> None:
    world = operated.world
    before = operated.digests(1)
    for number in range(2):
        damage(world, number)
    changed = partial(operated, workspace=WORKSPACE, contact=str(c.person(0)))
    assert (changed["response"], changed["contact"], changed["judgement"]) == (1, 1, 1)
    damaged = operated.digests(1)
    assert damaged != before
    named = {one.table for one in operated.rebuilt() if not one.equal}
    assert {"rows.response", "rows.contact", "columns.message_row"} <= named
    partial(operated, workspace=WORKSPACE, contact=str(c.person(1)))
    assert operated.digests(1) == before
    assert all(one.equal for one in operated.rebuilt())


@pytest.mark.parametrize(
    "said",
    [
        {"workspace": WORKSPACE, "campaign": str(c.CAMPAIGN)},
        {"workspace": WORKSPACE},
        {"types": ("contact.created", "email.opened", "interaction.judged")},
        {},
    ],
    ids=["campaign", "workspace", "types", "everything"],
)
def test_all_are_mended_by_what_touches_all(operated: Operated, said: dict[str, Any]) -> None:
    before = operated.digests(1)
    for number in range(2):
        damage(operated.world, number)
    partial(operated, **said)
    if "campaign" in said:  # a contact is of no campaign
        partial(operated, types=("contact.created",))
    assert operated.digests(1) == before


def test_a_copy_is_shipped_again_though_its_row_is_right(operated: Operated) -> None:
    before = operated.digests(1)
    operated.world.columns.run("DELETE FROM response_copy WHERE 1")
    assert operated.digests(1) != before
    assert partial(operated, types=("email.opened", "order.placed")) == {}
    assert operated.digests(1) == before


def test_what_is_right_stays_and_nothing_is_told_again(operated: Operated) -> None:
    before, heads = operated.digests(1), operated.world.log.heads()
    for _ in range(2):
        assert partial(operated) == {}
    assert operated.digests(1) == before
    assert operated.world.log.heads() == heads
    assert operated.twice_journaled() == []


def test_it_is_done_in_portions(operated: Operated, monkeypatch: pytest.MonkeyPatch) -> None:
    before = operated.digests(1)
    damage(operated.world, 0)
    monkeypatch.setattr(replaying, "PORTION", 3)
    first = operated.replaying.partial(Choice(), "")
    assert (first.events, bool(first.after)) == (3, True)
    partial(operated)
    assert operated.digests(1) == before


def test_a_bug_is_mended_where_it_was(world: World) -> None:
    """Its mender says which type the broken rule read, and what is derived of it follows."""
    visited(world)
    broken = Operated(world, WithoutVisitsUntold, older=False)
    broken.run()
    assert broken.count_of("response.captured") == 1
    mended = Operated(world, Responses)
    assert partial(mended, types=("email.opened",)) == {"response": 2}
    mended.run()
    assert all(one.equal for one in mended.rebuilt())
    assert mended.count_of("response.captured") == 3


def test_what_cannot_be_chosen_is_refused(operated: Operated) -> None:
    with pytest.raises(InvalidInput, match="name it too"):
        operated.replaying.chosen(Choice(contact=str(c.person(0))))
    with pytest.raises(InvalidInput, match="cannot be read"):
        operated.replaying.partial(Choice(), "1/x")


@pytest.mark.parametrize("seed", range(2))
def test_what_is_chosen_is_what_was_said(world: World, seed: int) -> None:
    chance = Chance(seed)
    world.append(*c.planned(world))
    world.append(*life(world, chance), *who_is_who(world, chance), merged(world, 0, 1))
    for number in range(3):
        world.append(*c.sent(world, number, world.clock() - 40 * MINUTE))
        world.append(*h.opened_by_provider_id(world, number, world.clock() - MINUTE))
    operated = Operated(world)
    operated.run()
    everything = list(events(world))
    one = chance.one(*everything)
    when = one.occurred_at
    messages = {str(c.message(number)) for number in range(3)}
    checks: list[tuple[dict[str, Any], Any]] = [
        ({}, lambda e: True),
        ({"workspace": "other"}, lambda e: False),
        ({"types": (one.type, "form.submitted")}, lambda e: e.type in (one.type, "form.submitted")),
        ({"since": when}, lambda e: e.occurred_at >= when),
        ({"until": when, "workspace": WORKSPACE}, lambda e: e.occurred_at < when),
        ({"first": one.position}, lambda e: e.position == one.position),
        (
            {"first": one.position._replace(offset=1), "last": 3},
            lambda e: e.position[:2] == one.position[:2] and 1 <= e.position.offset <= 3,
        ),
    ]
    for said, wanted in checks:
        found = shares_of(world.columns, chosen(world.columns, 1, Choice(**said)))
        expected = [event.type for event in everything if wanted(event)]
        assert {share.type: share.events for share in found} == {
            name: expected.count(name) for name in set(expected)
        }, said
    of_campaign = Choice(workspace=WORKSPACE, campaign=str(c.CAMPAIGN))
    found = {share.type: share.events for share in operated.replaying.chosen(of_campaign).shares}
    assert found["email.sent"] == 3
    assert found["email.opened"] == sum(
        e.type == "email.opened" and (b"provider_message_id" in e.data or any(
            m.encode() in e.data for m in messages
        )) for e in everything
    )  # fmt: skip
