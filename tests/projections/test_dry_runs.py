"""What a version of a promotion rule would have done, shown before anyone publishes it (N6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from events.log import Record
from events.sql.tables import reading
from projections.folds.responses.document import ResponseDoc
from projections.past.cut import Moment
from projections.past.supposing import Supposition
from projections.stores.rows import RESPONSE
from schemas.dry_runs import DryRun, DryRunQuery
from schemas.errors import Stale
from schemas.ids import named_id
from schemas.promotion import rule_id
from schemas.views import ResponseFilter
from tests.support import campaign as c
from tests.support.listed import DAY
from tests.support.listed import settle as settle_lists
from tests.support.lives import life, own_deed, who_is_who
from tests.support.random_rules import Chance
from tests.support.world import WORKSPACE, World

OPENS = named_id("test", "rule of opens")
FOR_EVER = 4_102_444_800_000
BY_OPEN = {"events": ["email.opened"], "response_type": "visit", "channel": "email"}


def step(
    world: World, kind: str, body: dict[str, Any], version: int, rule: UUID = OPENS, nth: int = 1
) -> Record:
    """A step of a rule, the ``nth`` of its stream."""
    data = {"definition_id": str(rule), "kind": "promotion", "version": version, "body": body}
    return world.decision(f"definition.{kind}", data, f"definition:{rule}", nth, rule)


def asked(version: int = 1, rule: UUID = OPENS, **more: Any) -> DryRunQuery:
    """A dry run over all days."""
    return DryRunQuery(definition_id=rule, version=version, since=0, until=FOR_EVER, **more)


def dry_run(world: World, *version: Any, **more: Any) -> DryRun:
    return world.reads().dry_run(WORKSPACE, asked(*version, **more))


def settle(world: World) -> None:
    """Let an hour pass, in which clicks become responses."""
    world.clock.advance(3_600_000)
    settle_lists(world)


def written_to(world: World) -> Iterable[Record]:
    """Three people are written to: the first opens, the second clicks, the third does nothing."""
    at = world.clock() - DAY
    records = [*c.planned(world)]
    for number in range(3):
        records += [c.contact(world, number), *c.sent(world, number, at)]
    return [*records, c.opened(world, 0, at + 700_000), c.clicked(world, 1, at + 700_000)]


def test_a_draft_is_shown_and_changes_nothing(world: World) -> None:
    world.append(*written_to(world), step(world, "drafted", BY_OPEN, 1))
    settle(world)
    before = world.digests()
    told = dry_run(world)
    assert (told.responses.now, told.responses.then) == (1, 2)
    (one,) = told.responses.appear.newest
    assert (told.responses.appear.count, one.type, one.person) == (1, "visit", str(c.person(0)))
    assert told.responses.leave.count == told.responses.change.count == 0
    (group,) = told.kpis
    rate = group.kpis["response_rate"]
    assert (rate.before.numerator, rate.after.numerator) == (1, 2)
    assert set(rate.parts) == {"definitions"}
    assert world.digests() == before
    assert [doc.type for doc in world.responses()] == ["click"]


def test_a_built_in_rule_is_supposed_off_and_on_again(world: World) -> None:
    clicks = rule_id("email-click")
    off = {"enabled": False, "events": ["email.clicked"], "response_type": "click",
           "channel": "email"}  # fmt: skip
    world.append(*written_to(world), step(world, "drafted", off, 2, clicks))
    settle(world)
    told = dry_run(world, 2, clicks)
    assert [told.responses.leave.count, told.responses.then] == [1, 0]
    assert told.responses.leave.newest[0].person == str(c.person(1))
    world.append(step(world, "published", off, 2, clicks, nth=2))
    world.clock.advance(10_000)
    world.append(c.clicked(world, 2, world.clock()))
    settle(world)
    told = dry_run(world, 1, clicks)  # the built-in version, which no event tells of
    assert (told.responses.now, told.responses.then) == (1, 2)
    assert told.responses.appear.newest[0].person == str(c.person(2))


def test_what_a_version_has_differently_is_named(world: World) -> None:
    other = {"events": ["email.clicked"], "response_type": "click", "channel": "email",
             "anchor": "message", "code": "interested", "order": 60,
             "where": [{"prop": "link_kind", "op": "eq", "value": "content"}]}  # fmt: skip
    clicks = rule_id("email-click")
    world.append(*written_to(world), step(world, "drafted", other, 2, clicks))
    settle(world)
    told = dry_run(world, 2, clicks)
    assert told.responses.change.newest[0].code == "interested"
    assert [told.responses.appear.count, told.responses.leave.count] == [0, 0]
    assert dry_run(world, 2, clicks, campaign_id=named_id("other")).responses.now == 0


def test_only_the_days_asked_for_count_and_so_many_are_named(world: World) -> None:
    at = world.clock() - DAY
    world.append(*c.planned(world), step(world, "drafted", BY_OPEN, 1))
    for number in range(4):
        world.append(c.contact(world, number), *c.sent(world, number, at))
        world.append(c.opened(world, number, at + number * 3_600_000))
    settle(world)
    query = DryRunQuery(
        definition_id=OPENS, version=1, since=at + 3_600_000, until=at + 3 * 3_600_000, limit=1
    )
    told = world.reads().dry_run(WORKSPACE, query)
    assert (told.responses.then, told.responses.appear.count) == (2, 2)
    (newest,) = told.responses.appear.newest  # the newest one
    assert newest.person == str(c.person(2))


def test_it_is_answered_from_one_state_however_long_it_takes(world: World) -> None:
    world.append(*written_to(world), step(world, "drafted", BY_OPEN, 1))
    settle(world)
    reads = world.reads()
    first = reads.dry_run(WORKSPACE, asked())
    world.append(c.opened(world, 2, world.clock()))
    settle_lists(world)
    assert reads.dry_run(WORKSPACE, asked()) == first
    settle(world)
    assert reads.dry_run(WORKSPACE, asked()).responses.appear.count == 2
    assert reads.dry_run(WORKSPACE, asked(known_at=first.known_at)) == first


def test_a_draft_is_tried_as_soon_as_it_is_there_and_on_what_was_known_before(
    world: World,
) -> None:
    world.append(*written_to(world))
    settle(world)
    before = world.log.heads().encode()
    world.append(step(world, "drafted", BY_OPEN, 1))  # no sink has read it
    assert dry_run(world).responses.appear.count == 1
    settle(world)
    assert dry_run(world, known_at=before).responses.appear.count == 1
    with pytest.raises(Stale, match="not in the log yet"):
        dry_run(world, 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_it_equals_an_installation_where_it_was_published_first(
    world: World, another: World, seed: int
) -> None:
    """... for random lives, with merges and late events, and versions in between."""
    chance = Chance(seed)
    lives = []
    for one in (world, another):
        chance = Chance(seed)
        records = [*life(one, chance), *who_is_who(one, chance)]
        records += [own_deed(one, chance, chance.one(0, 1, 2), f"own {n}") for n in range(12)]
        chance.shuffle(records)
        lives.append([*written_to(one), *records])
    loud = {**BY_OPEN, "events": ["email.opened", "email.clicked"], "order": 1}
    off = {**BY_OPEN, "enabled": False}
    world.append(
        step(world, "drafted", BY_OPEN, 1),
        step(world, "drafted", loud, 2, nth=2),
        step(world, "published", BY_OPEN, 1, nth=3),
    )
    another.append(step(another, "published", loud, 2))
    half = len(lives[0]) // 2
    for one, records in zip((world, another), lives, strict=True):
        one.clock.advance(10_000)
        one.append(*records[:half])
        one.clock.advance(10_000)
    world.append(step(world, "drafted", off, 3, nth=4), step(world, "published", off, 3, nth=5))
    for one, records in zip((world, another), lives, strict=True):
        one.append(*records[half:])
        settle(one)
    moment = Moment(WORKSPACE, world.log.heads(), supposing=Supposition(OPENS, 2))
    with world.reads()._dry_runs._pasts.of(moment) as then:
        supposed = documents(then.rows)
    assert supposed == documents(another.rows)
    assert supposed != documents(world.rows)
    assert any(doc.rule_id == OPENS for doc in supposed)


def documents(rows: sa.Engine) -> list[ResponseDoc]:
    """All responses, in the order of their ids."""
    with reading(rows).begin() as connection:
        query = sa.select(RESPONSE.c.doc).where(RESPONSE.c.generation == 1).order_by(RESPONSE.c.id)
        return [ResponseDoc.model_validate_json(doc) for (doc,) in connection.execute(query)]


def reviewed(world: World) -> None:
    """Somebody looks at the one response there is."""
    (doc,) = world.responses()
    stream = f"response:{doc.response_id}"
    data = {"response_id": str(doc.response_id)}
    world.append(world.decision("response.reviewed", data, stream, 1, c.person(1)))
    settle(world)


def test_a_response_that_somebody_has_decided_on_stays(world: World) -> None:
    clicks = rule_id("email-click")
    off = {"enabled": False, "events": ["email.clicked"], "response_type": "click",
           "channel": "email"}  # fmt: skip
    world.append(*written_to(world), step(world, "drafted", off, 2, clicks))
    settle(world)
    undecided = world.log.heads().encode()
    reviewed(world)
    told = dry_run(world, 2, clicks)
    assert (told.responses.then, told.responses.leave.count) == (1, 0)
    assert dry_run(world, 2, clicks, known_at=undecided).responses.leave.count == 1


def test_what_was_known_when_it_had_been_decided_on_has_it_too(world: World) -> None:
    """A burst makes machines of clicks, one of which is a response that somebody has reviewed."""
    world.append(*written_to(world))
    settle(world)
    reviewed(world)
    (first,) = world.responses()
    world.append(*(c.clicked(world, 1, first.occurred_at, link=link) for link in c.LINKS[1:5]))
    settle(world)
    (adopted,) = world.responses()
    assert adopted.adopted
    known_at = world.log.heads().encode()
    world.append(c.opened(world, 2, world.clock()))
    settle(world)
    reads = world.reads()
    then = reads.responses(WORKSPACE, ResponseFilter(known_at=known_at), None, 10).data
    assert [one.response_id for one in then] == [first.response_id]
