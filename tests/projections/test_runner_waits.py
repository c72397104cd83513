"""Who waits for the read models is woken by the turn that brings them there, and asks no more."""

from __future__ import annotations

import threading

import pytest

from projections.runner import Runner
from projections.standing import Standing
from schemas.errors import Stale
from tests.support import campaign as c
from tests.support.world import World


def _runner(world: World) -> Runner:
    return Runner(world.rows, world.log, world.sinks, world.clock, pytest.fail)


def test_standing_tells_of_a_move_that_came_before_the_waiting():
    standing = Standing()
    turns = standing.turns
    standing.move()
    assert standing.await_move(turns, 0)
    assert not standing.await_move(standing.turns, 0)


def test_a_waiter_is_woken_by_the_turns_that_reach_it(world, monkeypatch):
    world.append(*c.planned(world), c.contact(world, 0))
    runner = _runner(world)
    # So long that whoever is woken by no turn is not woken in this test.
    monkeypatch.setattr(runner.waiting, "_look_again_seconds", 3600.0)
    waiter = threading.Thread(
        target=runner.waiting.wait_for, args=(world.log.heads(), 3600), daemon=True
    )
    waiter.start()
    while runner.run_once():
        pass
    waiter.join(60)
    assert not waiter.is_alive()


def test_a_waiter_asks_the_stores_once_a_turn(world, monkeypatch):
    world.append(c.contact(world, 0))
    runner = _runner(world)
    monkeypatch.setattr(runner.waiting, "_look_again_seconds", 3600.0)
    asked: list[int] = []

    def turn_instead(standing: Standing, turns: int, _seconds: float) -> bool:
        asked.append(turns)
        return runner.run_once()

    monkeypatch.setattr(Standing, "await_move", turn_instead)
    runner.waiting.wait_for(world.log.heads(), 3600)
    assert len(asked) == len(set(asked)) > 0


def test_a_waiter_is_told_when_its_time_is_over(world):
    world.append(c.contact(world, 0))
    with pytest.raises(Stale):
        _runner(world).waiting.wait_for(world.log.heads(), 0)
