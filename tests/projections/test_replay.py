"""Generations beside the live one: equal wherever they were killed; readers see one at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from random import Random

import orjson
import pytest
import sqlalchemy as sa

from events.log import Record
from projections.generations import live_generation
from projections.past.shelf import Shelf
from projections.reading.reader import StoredReads
from projections.replay import growing
from projections.replay.generation import State
from projections.stores.rows import GENERATION
from schemas.errors import MoveRefused, Unexplained
from schemas.kpis import KpiQuery
from schemas.views import ResponseFilter
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.listed import IN_GDYNIA, members, publish, told
from tests.support.replayed import MINUTE, Operated, WithoutVisits, WithoutVisitsUntold, visited
from tests.support.waiting import until
from tests.support.world import WORKSPACE, World

pytestmark = [pytest.mark.both_modes]
LATER = {"members", "static_members"}


class Killed(BaseException):
    """Stands for the end of the process."""


def _begun(world: World, random: Random, steps: int = 40) -> list[Record]:
    """A campaign under way, and what will happen to its people later."""
    world.append(*h.prepared_world(world))
    world.clock.advance(10_000)
    start = world.clock() - 40 * 86_400_000
    records = [*h.planned(world)]
    for number in range(3):
        records += [c.contact(world, number), *c.sent(world, number, start)]
    for _ in range(steps):
        happening = random.choice(h.HAPPENINGS)
        records += happening(world, random.randrange(3), start + random.randrange(60) * MINUTE)
    unique = list({record.event_id: record for record in records}.values())
    middle = len(unique) // 2
    world.append(*unique[:middle])
    return unique[middle:]


class Fate:
    """Ends the process before or after anything that is written to the columns, now and then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, world: World, random: Random) -> None:
        self._random = random
        self.is_near = False
        self.kills = 0
        kind = type(world.columns)
        for name in ("insert", "run"):
            monkeypatch.setattr(kind, name, self._deadly(getattr(kind, name)))

    def _deadly(self, write: Callable[..., None]) -> Callable[..., None]:
        def written(*args: object, **named: object) -> None:
            self._strike()
            write(*args, **named)
            self._strike()

        return written

    def _strike(self) -> None:
        if self.is_near and self._random.random() < 0.08:
            self.kills += 1
            raise Killed


@pytest.mark.parametrize("seed", range(2))
def test_it_is_equal_wherever_it_was_killed_or_paused(world, seed, monkeypatch):
    random = Random(seed)  # noqa: S311 - a test must be repeatable
    later = _begun(world, random)
    operated = Operated(world)
    operated.follow()
    number = operated.replaying.begin().generation.number
    fate = Fate(monkeypatch, world, random)
    monkeypatch.setattr(growing, "PAGE", 20)
    for _ in range(40):
        if later and random.random() < 0.3:
            world.append(later.pop(0))
            operated.follow()
        if operated.state(number) is State.BUILDING and random.random() < 0.1:
            operated.replaying.pause(number)
            assert not operated.replaying.turn()
            operated.replaying.resume(number)
        fate.is_near = True
        try:
            operated.replaying.turn()
        except Killed:
            operated = Operated(world)
        fate.is_near = False
    world.append(*later)
    operated.run()
    assert fate.kills > 3
    assert operated.state(number) is State.READY
    assert all(one.equal for one in operated.replaying.compare(number))
    assert all(one.equal for one in operated.rebuilt())
    assert operated.twice_journaled() == []


def test_readers_see_one_generation_while_others_take_its_place(world, tmp_path):
    visited(world)
    operated = Operated(world)
    operated.run()
    changed = Operated(world, WithoutVisits)
    number = changed.replaying.begin().generation.number
    changed.run()
    shelf = Shelf(changed.models, tmp_path / "pasts", world.clock, patience=60)
    seen = _Seen(changed.reads(shelf))
    readers = [threading.Thread(target=seen.look_on) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for turn in range(4):
        seen.wait_for_more(READERS)
        if turn % 2:
            changed.replaying.rollback()
        else:
            changed.replaying.promote(number, anyway=False)
        world.clock.advance(1000)
    seen.wait_for_more(READERS)
    seen.ended.set()
    for reader in readers:
        reader.join()
    shelf.close()
    assert seen.errors == []
    assert set(seen.lists) == {3, 1}
    assert set(seen.figures) == {(1, 3), (number, 1)}


READERS = 8


class _Seen:
    """What readers were told: how many responses, in lists and as a KPI with its generation."""

    def __init__(self, reads: StoredReads) -> None:
        self._reads = reads
        self.ended = threading.Event()
        self.lists: Counter[int] = Counter()
        self.figures: Counter[tuple[int, int]] = Counter()
        self.errors: list[Exception] = []

    def look_on(self) -> None:
        while not self.ended.is_set():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - it must reach the test's own thread
                self.errors.append(error)
                return

    def wait_for_more(self, count: int) -> None:
        """Wait until as many more looks were taken."""
        goal = self.figures.total() + count
        until(lambda: self.figures.total() >= goal or bool(self.errors))

    def _look(self) -> None:
        listed = self._reads.responses(WORKSPACE, ResponseFilter(), None, 50)
        self.lists[len(listed.data)] += 1
        report = self._reads.kpis(WORKSPACE, KpiQuery(only=("reviewed_share",)))
        of = report.data[0].kpis["reviewed_share"].denominator
        self.figures[report.generation, int(of or 0)] += 1


def test_what_a_changed_rule_concludes_is_told_when_it_is_promoted_and_no_sooner(world):
    visited(world)
    Operated(world).run()
    changed = Operated(world, WithoutVisits)
    assert changed.replaying.plan().changed == ["responses"]
    number = changed.replaying.begin().generation.number
    changed.run()
    assert changed.count_of("response.retracted") == 0
    told = changed.replaying.promote(number, anyway=False)
    assert {one.table for one in told.different} == {"rows.response", "columns.response"}
    assert told.published == 2
    changed.run()
    assert changed.count_of("response.retracted") == 2
    changed.replaying.rollback()
    changed.run()
    assert changed.count_of("response.captured") == 3 + 2
    assert changed.twice_journaled() == []


def test_what_was_live_follows_on_and_is_the_same_after_a_rollback(world):
    random = Random(5)  # noqa: S311 - a test must be repeatable
    later = _begun(world, random)
    operated = Operated(world)
    operated.run()
    number = operated.replaying.begin().generation.number
    operated.run()
    operated.replaying.promote(number, anyway=False)
    assert live_generation(world.rows) == number
    world.append(*later)
    operated.follow()
    assert operated.replaying.rollback().different == []
    assert live_generation(world.rows) == 1
    assert operated.digests(1) == operated.digests(number)
    operated.run()
    assert all(one.equal for one in operated.rebuilt())
    assert operated.twice_journaled() == []


def test_verdicts_of_a_generation_that_was_promoted_are_new_events(world):
    """Their numbers are part of their ids: one that was given before would be lost."""
    visited(world)
    operated = Operated(world)
    at = world.clock() - 39 * 86_400_000
    world.append(c.clicked(world, 0, at, agent="", ip=""))
    operated.run()
    world.append(c.form_sent(world, 0, at + 5 * MINUTE))
    operated.run()
    assert _verdicts_on_clicks(operated) == [["unknown", "human"]]
    number = operated.replaying.begin().generation.number
    operated.run()
    operated.replaying.promote(number, anyway=False)
    world.append(*(c.clicked(world, 0, at + n * 1000, link=c.LINKS[n]) for n in range(1, 5)))
    operated.run()
    assert ["unknown", "human", "machine"] in _verdicts_on_clicks(operated)
    assert all(one.equal for one in operated.rebuilt())


def test_a_difference_that_no_version_explains_is_refused(world):
    visited(world)
    Operated(world).run()
    changed = Operated(world, WithoutVisitsUntold, older=False)
    number = changed.replaying.begin().generation.number
    changed.run()
    with pytest.raises(Unexplained, match=r"rows\.response"):
        changed.replaying.promote(number, anyway=False)
    assert live_generation(world.rows) == 1
    assert changed.replaying.promote(number, anyway=True).published == 2
    assert live_generation(world.rows) == number


def test_what_is_live_is_followed_by_the_rules_that_made_it_until_others_are_promoted(world):
    visited(world)
    Operated(world).run()
    changed = Operated(world, WithoutVisits)
    start = world.clock() - 40 * 86_400_000
    world.append(c.opened(world, 2, start + MINUTE * 30))
    changed.run()
    assert changed.count_of("response.captured") == 4
    assert all(one.equal for one in changed.rebuilt())
    assert changed.replaying.replays()[0].mixed == []


def test_where_its_rules_are_gone_the_newest_follow_and_it_says_so(world):
    visited(world)
    Operated(world).run()
    changed = Operated(world, WithoutVisits, older=False)
    assert changed.replaying.replays()[0].mixed == ["responses"]
    assert changed.replaying.plan().changed == ["responses"]
    number = changed.replaying.begin().generation.number
    changed.run()
    again = Operated(world)
    told = again.replaying.replays()[-1].generation
    assert (told.number, told.state) == (number, State.FAILED)
    assert "other versions of responses" in told.trouble
    with pytest.raises(MoveRefused, match="other versions of responses"):
        again.replaying.resume(number)
    assert again.replaying.cancel(number).generation.state is State.GONE


def test_a_promoted_generation_is_still_live_after_a_restart(world):
    visited(world)
    changed = Operated(world, WithoutVisits)
    changed.run()
    number = changed.replaying.begin().generation.number
    changed.run()
    changed.replaying.promote(number, anyway=False)
    again = Operated(world, WithoutVisits)
    assert again.runner.sinks.generation == number
    assert again.replaying.plan().changed == []
    again.run()
    states = {one.generation.number: one.generation.state for one in again.replaying.replays()}
    assert states == {1: State.KEPT, number: State.LIVE}


def _verdicts_on_clicks(operated: Operated) -> list[list[str]]:
    """What was told of each click, in the order in which it was told."""
    told = operated.world.columns.query(
        "SELECT groupArray(verdict) AS verdicts FROM (SELECT causation_id, "
        "JSONExtractString(data, 'verdict') AS verdict FROM journal "
        "WHERE type = 'interaction.judged' "
        "AND JSONExtractString(data, 'event_type') = 'email.clicked' "
        "ORDER BY JSONExtractInt(data, 'ordinal')) GROUP BY causation_id"
    )
    return [list(verdicts) for verdicts in told.column(0).to_pylist()]


def test_a_fold_that_came_later_begins_with_a_generation_of_its_own(world):
    world.append(told(world, 1, "a", city="Gdynia"))
    Operated(world).run()
    with world.rows.begin() as connection:
        versions = orjson.loads(connection.execute(sa.select(GENERATION.c.versions)).scalar_one())
        before = {name: number for name, number in versions.items() if name not in LATER}
        connection.execute(GENERATION.update().values(versions=orjson.dumps(before).decode()))
    publish(world, IN_GDYNIA)
    operated = Operated(world)
    assert operated.replaying.plan().changed == sorted(LATER)
    operated.run()
    assert members(world) == set()  # it has kept nothing of what was before it
    number = operated.replaying.begin().generation.number
    operated.run()
    operated.replaying.promote(number, anyway=False)
    operated.run()  # the rule takes effect by the time of whom everybody sees
    assert members(world) == {str(c.person(1))}
