"""Undoing a batch through kills, beside a replay, and when its facts come late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from events.log import Record
from projections import columns_sink
from tests.support import campaign as c
from tests.support.listed import DAY, IN_GDYNIA, publish, settle, told
from tests.support.records import BATCH, OTHER_BATCH, batched
from tests.support.replayed import Operated
from tests.support.undoing import undone
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes
_STATEMENTS = 11
"""How many it takes to move facts, to let later copies stand, and to take verdicts back."""


class Killed(BaseException):
    """Stands for the end of the process."""


def facts_of(world: World, number: int, at: int) -> list[Record]:
    """A person comes, is written to, and answers."""
    return [
        c.contact(world, number), told(world, number, "a", city="Gdynia"),
        *c.sent(world, number, at), c.opened(world, number, at + 1),
        c.clicked(world, number, at + 700_000), c.form_sent(world, number, at + 2),
    ]  # fmt: skip


def come(world: World, facts: list[Record], batch: UUID, other: UUID) -> None:
    """They come with a batch; the first two aside, with another one too."""
    world.append(*(batched(one, batch) for one in facts))
    world.append(*(batched(one, other) for one in facts[2:]))


def prepared(world: World) -> None:
    """A campaign to two people, one of whom came with the batch."""
    publish(world, IN_GDYNIA)
    world.append(*c.planned(world))
    at = world.clock()
    world.append(*facts_of(world, 0, at))
    come(world, facts_of(world, 1, at), BATCH, OTHER_BATCH)
    world.run()


def counting(world: World) -> tuple[int, int]:
    """How many facts of people the journal has, and how many of them differ."""
    return _told(world, "journal WHERE log_topic = 'facts'")


def moved(world: World) -> tuple[int, int]:
    """How many facts lie beside the journal, and how many of them differ."""
    return _told(world, "journal_undone")


def _told(world: World, whence: str) -> tuple[int, int]:
    found = world.columns.query(
        f"SELECT count() AS facts, uniqExact(event_id) AS others FROM {whence}"
    )
    ((facts, others),) = zip(*found.to_pydict().values(), strict=True)
    return facts, others


def test_a_step_that_was_killed_is_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch after batch is undone, and each time the process ends a statement later, or two."""
    publish(world, IN_GDYNIA)
    world.append(*c.planned(world))
    at = world.clock() - DAY
    # The statements are the same ones on a server, which only takes longer over them.
    apart = 1 if world.rows.dialect.name == "sqlite" else 2
    for rounds, count in enumerate(range(1, _STATEMENTS + 1, apart), 1):
        come(world, facts_of(world, count, at), UUID(int=count), UUID(int=100 + count))
        settle(world)
        world.append(undone(world, UUID(int=count)))
        while world.rows_sink.step(100):
            pass
        with monkeypatch.context() as patched:
            patched.setattr(type(world.columns), "run", killed_at(world, count))
            with pytest.raises(Killed):
                world.columns_sink.step(100)
        world.sinks = world.models.sinks(1)
        world.rows_sink, world.columns_sink = world.sinks.rows, world.sinks.columns
        assert world.columns_sink.resume()
        settle(world)
        assert moved(world) == (7 * rounds, 7 * rounds)
        assert counting(world) == (5 * rounds, 5 * rounds)
    world.run()
    assert [one.table for one in world.rebuilt() if not one.equal] == []


def killed_at(world: World, count: int) -> Callable[..., None]:
    """What runs statements, up to one of those that undo a batch."""
    run, ran = type(world.columns).run, []

    def dies(columns: Any, sql: str, *given: Any) -> None:
        if "journal_undone" in sql or "journal_again" in sql or sql.startswith("DELETE"):
            ran.append(sql)
            if len(ran) == count:
                raise Killed
        run(columns, sql, *given)

    return dies


def test_a_generation_beside_the_live_one_follows(world: World) -> None:
    prepared(world)
    operated = Operated(world)
    operated.run()
    operated.replaying.begin()
    operated.run()
    world.append(undone(world))
    operated.run()
    assert [one.table for one in operated.replaying.compare(2) if not one.equal] == []
    operated.replaying.promote(2, anyway=False)
    operated.run()
    world.append(batched(c.contact(world, 2)))
    operated.run()
    assert [one.table for one in operated.rebuilt() if not one.equal] == []
    assert moved(world) == (8, 8)
    operated.replaying.begin()
    operated.run()
    assert [one.table for one in operated.replaying.compare(3) if not one.equal] == []


def test_a_decision_that_cannot_be_read_stops_nothing(world: World) -> None:
    prepared(world)
    before = contacts(world)
    for number, data in enumerate((b'{"batch_id":7}', b'{"batch_id":"x"}', b"{}", b"[]")):
        bad = undone(world, UUID(int=number))._replace(data=data)
        world.append(bad)
    world.append(c.contact(world, 9))
    world.run()
    assert contacts(world) == before + 1
    world.append(undone(world))
    world.run()
    assert contacts(world) == before
    assert world.reads().batch(WORKSPACE, BATCH).is_undone


def contacts(world: World) -> int:
    """How many contacts there are."""
    return {one.table: one.rows for one in world.digests()}["rows.contact"]


def test_facts_of_many_are_undone_a_part_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More entities than are folded at once, and more facts than are computed at once."""
    monkeypatch.setattr(columns_sink, "_UNDONE_AT_ONCE", 500)
    many = 1200
    world.append(*c.planned(world), *(batched(c.contact(world, n)) for n in range(many)))
    world.run()
    assert contacts(world) == many
    world.append(undone(world))
    world.run()
    assert contacts(world) == 0
    assert moved(world) == (many, many)
    assert [one.table for one in world.rebuilt() if not one.equal] == []
