"""A replay has no outside effect: it calls nobody, and appends nothing (R2)."""

from __future__ import annotations

import socket
import subprocess

import pytest
import sqlalchemy as sa

from events.sql.tables import OUTBOX
from projections.replay.generation import State
from tests.support import campaign as c
from tests.support.replayed import Operated, WithoutVisits, visited


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every try to reach somebody else, all of which are refused."""
    tried: list[str] = []

    def refuse(*arguments: object, **_named: object) -> None:
        tried.append(repr(arguments))
        raise AssertionError(f"Somebody was called: {arguments!r}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    return tried


def test_a_replay_and_a_verification_call_nobody_and_append_nothing(world, calls):
    visited(world)
    Operated(world).run()
    changed = Operated(world, WithoutVisits)
    heads = world.log.heads()
    number = changed.replaying.begin().generation.number
    changed.grow()  # without a turn of the runner, which would send what lies in the outbox
    assert changed.state(number) is State.READY
    with world.rows.connect() as connection:
        assert connection.execute(sa.select(OUTBOX)).all() == []
    assert changed.replaying.diff(number) != []
    response = world.responses()[0]
    row = ("rows.response", world.workspace, str(response.response_id))
    assert changed.replaying.history(number, *row) != []
    assert all(one.equal for one in changed.rebuilt())
    assert world.log.heads() == heads
    assert calls == []


def test_what_happens_meanwhile_is_concluded_once(world):
    """The live generation alone tells of it."""
    visited(world)
    operated = Operated(world)
    operated.run()
    operated.replaying.begin()
    operated.grow()
    at = world.clock() - 39 * 86_400_000
    world.append(c.opened(world, 2, at))
    before = operated.count_of("response.captured")
    operated.run()
    assert operated.count_of("response.captured") == before + 1
    assert operated.twice_journaled() == []
