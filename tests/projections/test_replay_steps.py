"""The steps of a generation: what each needs, what it tells, and when it is dropped."""

from __future__ import annotations

import threading

import pytest

from projections.dead_letters import letters
from projections.folds.responses.fold import Responses
from projections.replay import growing
from projections.replay.generation import Generation, Stage, State
from projections.replay.ledger import Ledger
from schemas.errors import Busy, MoveRefused, NotFound, StoreUnavailable
from tests.support.replayed import KEPT_MS, MINUTE, Operated, visited
from tests.support.waiting import until
from tests.support.world import World

pytestmark = [pytest.mark.both_modes]


def test_what_was_live_is_dropped_when_its_time_is_over(world):
    operated, _ = _promoted(world)
    with pytest.raises(MoveRefused, match="in a minute"):
        operated.replaying.retire(1)
    world.clock.advance(KEPT_MS - 1)
    operated.replaying.turn()
    assert operated.state(1) is State.KEPT
    world.clock.advance(1)
    operated.replaying.turn()
    assert operated.state(1) is State.GONE
    assert _rows_of(operated, 1) == 0
    with pytest.raises(MoveRefused, match="No generation"):
        operated.replaying.rollback()


def test_it_can_be_retired_sooner(world):
    operated, number = _promoted(world)
    world.clock.advance(MINUTE)
    assert operated.replaying.retire(1).generation.state is State.GONE
    assert _rows_of(operated, 1) == 0
    assert _rows_of(operated, number) > 0


def test_steps_are_refused_where_they_make_no_sense(world):
    visited(world)
    operated = Operated(world)
    operated.run()
    replaying = operated.replaying
    with pytest.raises(NotFound, match="no generation 7"):
        replaying.pause(7)
    number = replaying.begin().generation.number
    with pytest.raises(Busy, match="Promote or cancel"):
        replaying.begin()
    for step in (replaying.resume, replaying.retire):
        with pytest.raises(MoveRefused, match="building"):
            step(number)
    with pytest.raises(MoveRefused, match="live"):
        replaying.cancel(1)
    with pytest.raises(MoveRefused, match="ready or kept"):
        replaying.promote(number, anyway=True)
    with pytest.raises(MoveRefused, match="until it is ready"):
        replaying.compare(number)
    operated.run()
    replaying.cancel(number)
    assert operated.state(number) is State.GONE
    assert _rows_of(operated, number) == 0
    assert replaying.begin().generation.number == number + 1


def test_progress_is_told_while_it_grows(world, monkeypatch):
    monkeypatch.setattr(growing, "PAGE", 10)
    visited(world)
    operated = Operated(world)
    operated.run()
    begun = operated.replaying.begin()
    assert (begun.done, begun.generation.stage) == (0, Stage.FOLDING)
    operated.replaying.turn()
    told = operated.replaying.replays()[-1]
    assert 0 < told.done <= 10 < told.total
    operated.grow()
    told = operated.replaying.replays()[-1]
    assert (told.done, told.generation.stage) == (told.total, Stage.FOLLOWING)
    assert told.generation.events == told.total
    plan = operated.replaying.plan()
    assert plan.events == told.total == sum(share.events for share in plan.shares)
    assert plan.seconds is not None
    assert plan.size > 0


def test_a_store_that_is_away_for_a_moment_is_waited_for(world, monkeypatch):
    visited(world)
    operated = Operated(world)
    operated.run()
    number = operated.replaying.begin().generation.number
    known = Ledger.all
    away = iter([True] * 3)

    def sometimes(ledger: Ledger) -> list[Generation]:
        if threading.current_thread().name == "replay" and next(away, False):
            raise StoreUnavailable("It is away.")
        return known(ledger)

    monkeypatch.setattr(Ledger, "all", sometimes)
    operated.replaying.start()
    until(lambda: operated.state(number) is State.READY)
    operated.replaying.stop()
    assert next(away, False) is False


def test_rules_that_break_down_fail_alone(world):
    class Broken(Responses):
        version = 2

        def fold(self, entity, facts, context):
            raise ValueError("The rule is broken.")

    visited(world)
    Operated(world).run()
    changed = Operated(world, Broken)
    number = changed.replaying.begin().generation.number
    changed.run()
    told = changed.replaying.replays()[-1].generation
    assert (told.number, told.state) == (number, State.READY)
    assert told.unapplied == 3
    assert "The rule is broken." in told.trouble
    assert letters(world.rows) == []


def _rows_of(operated: Operated, generation: int) -> int:
    return sum(table.rows for table in operated.digests(generation))


def _promoted(world: World) -> tuple[Operated, int]:
    """Generation 1 is kept; answers the number of the live one."""
    visited(world)
    operated = Operated(world)
    operated.run()
    number = operated.replaying.begin().generation.number
    operated.run()
    operated.replaying.promote(number, anyway=False)
    return operated, number
