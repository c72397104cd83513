"""History judged by another classifier (N2): beside the live one, promoted, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from events.log import Record
from projections.digests import TableDigest, column_digests, row_digests
from projections.judgements.classifiers import judging_by
from projections.past.cut import Moment
from projections.past.shelf import Shelf
from projections.replay import growing
from projections.replay.generation import State
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.records import batched
from tests.support.rejudging import (
    LENIENT,
    NO_BROWSER,
    Figures,
    begin,
    figures,
    promote,
    publish,
    sound,
    step,
    untrue,
)
from tests.support.replayed import KEPT_MS, MINUTE, Operated, visited
from tests.support.undoing import undone
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes


def _begun(world: World) -> Operated:
    visited(world)
    operated = Operated(world)
    operated.run()
    return operated


def test_a_published_version_judges_when_a_replay_by_it_is_promoted(world: World) -> None:
    operated = _begun(world)
    before = figures(operated)
    publish(world, NO_BROWSER, 2)
    operated.run()
    assert figures(operated) == before
    assert operated.replaying.plan().changed == ["judgements:demo"]
    number = begin(operated)
    causes = operated.replaying.diff(number)
    assert {one.difference.table for one in causes} >= {"rows.response", "columns.message_row"}
    assert all(one.because == ["judgements:demo"] for one in causes)
    assert figures(operated) == before
    assert promote(operated, number) > 0
    operated.run()
    assert [before.opened, figures(operated).opened] == [2, 0]
    assert operated.count_of("response.retracted") == 2
    assert operated.replaying.plan().changed == []
    assert sound(operated)


def test_there_and_back_restores_every_figure(world: World) -> None:
    """... by the pointer, and by a version that says again what the first has said."""
    operated = _begun(world)
    first = figures(operated)
    publish(world, NO_BROWSER, 2)
    second = begin(operated)
    promote(operated, second)
    operated.run()
    then = figures(operated)
    operated.replaying.rollback()
    operated.run()
    assert figures(operated) == first
    promote(operated, second)
    operated.run()
    assert figures(operated) == then
    publish(world, {}, 3)
    promote(operated, begin(operated))
    operated.run()
    assert figures(operated).kpis == first.kpis
    assert _but_verdicts(figures(operated)) == _but_verdicts(first)
    assert sound(operated)


def _but_verdicts(told: Figures) -> Sequence[TableDigest]:
    """All tables but the one whose rows name their classifier."""
    return [one for one in told.tables if not one.table.endswith("judgement")]


@pytest.mark.slow
def test_whatever_happens_meanwhile_each_version_says_what_it_would_have(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts come while generations are built, promoted, taken back and killed."""
    monkeypatch.setattr(growing, "PAGE", 20)
    random = Random(0)  # noqa: S311 - a test must be repeatable
    facts = _facts(world, random)
    operated = Operated(world)

    def more(count: int = 8) -> None:
        world.append(*facts[:count])
        del facts[:count]

    more(25)
    operated.run()
    publish(world, LENIENT, 2)
    number = operated.replaying.begin().generation.number
    while operated.state(number) is State.BUILDING:
        more(1)
        operated.runner.run_once()
        operated.replaying.turn()
        if random.random() < 0.3:
            operated = Operated(world)  # the process before was killed
    promote(operated, number)
    more()
    operated.run()
    assert sound(operated)
    operated.replaying.rollback()
    more()
    operated.run()
    assert sound(operated)
    promote(operated, number)
    _review(world)
    publish(world, NO_BROWSER, 3)
    third = begin(operated)
    promote(operated, third)
    more()
    operated.run()
    assert sound(operated)
    _equal_their_pasts(operated, tmp_path, {1: 1, number: 2, third: 3})


def _review(world: World) -> None:
    """Somebody looks at every click that is a response by now."""
    clicks = [doc for doc in world.responses() if doc.type == "click"]
    for doc in clicks:
        data, stream = {"response_id": str(doc.response_id)}, f"response:{doc.response_id}"
        world.append(world.decision("response.reviewed", data, stream, 1, doc.entity))
    assert clicks


def _facts(world: World, random: Random) -> list[Record]:
    """A campaign under way among three people."""
    world.append(*h.prepared_world(world))
    world.clock.advance(10_000)
    start = world.clock() - 40 * 86_400_000
    records = [*h.planned(world)]
    for number in range(3):
        records += [c.contact(world, number), *c.sent(world, number, start)]
    for turn in range(50):
        who, at = random.randrange(3), start + random.randrange(60) * MINUTE
        if turn % 2:
            agent = random.choice([c.BROWSER, c.CRAWLER, "", "curl/8"])
            records.append(c.clicked(world, who, at, agent=agent, link=random.choice(c.LINKS)))
        else:
            records += random.choice(h.HAPPENINGS)(world, who, at)
    return list({record.event_id: record for record in records}.values())


def _equal_their_pasts(operated: Operated, folder: Path, made: dict[int, int]) -> None:
    """Each generation has what a past has that is concluded anew by its version."""
    world = operated.world
    rules = operated.replaying.replays()[0].generation.versions
    shelf = Shelf(operated.models, folder / "pasts", world.clock, patience=120)
    for number, version in made.items():
        by = frozenset(judging_by(rules, {WORKSPACE: version}).items())
        with shelf.taken(Moment(WORKSPACE, world.log.heads(), rules=by)) as past:
            concluded = row_digests(past.rows, 1) + column_digests(past.columns, 1)
        assert operated.digests(number) == concluded
    shelf.close()


def test_who_told_a_version_may_go_and_another_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """... though it lies behind, and has not met what was told already."""
    visited(world)
    at = world.clock() - 39 * 86_400_000
    operated = Operated(world)
    operated.run()
    publish(world, {"tools": []}, 2)
    promote(operated, second := begin(operated))
    promote(operated, third := begin(operated))
    publish(world, NO_BROWSER, 3)
    promote(operated, begin(operated))
    turn = growing.Growing.turn
    with monkeypatch.context() as patched:
        patched.setattr(
            growing.Growing, "turn",
            lambda self, *more: self.number != second and turn(self, *more),
        )  # fmt: skip
        world.append(c.clicked(world, 0, at, agent="", ip=""))
        operated.run()
        world.append(c.form_sent(world, 0, at + 5 * MINUTE))
        operated.run()
        operated.replaying.retire(third)
    operated.run()
    world.append(*(c.clicked(world, 0, at + n * 1000, link=c.LINKS[n]) for n in range(1, 5)))
    operated.run()
    assert untrue(operated) == []
    promote(operated, second)
    operated.run()
    assert sound(operated)


def test_cancelled_and_begun_again_its_numbers_go_on(world: World) -> None:
    visited(world)
    at = world.clock() - 39 * 86_400_000
    world.append(c.clicked(world, 0, at, agent="", ip=""))
    operated = Operated(world)
    operated.run()
    publish(world, {"tools": []}, 2)
    number = begin(operated)
    world.append(c.form_sent(world, 0, at + 5 * MINUTE))
    operated.run()
    operated.replaying.cancel(number)
    world.append(*(c.clicked(world, 0, at + n * 1000, link=c.LINKS[n]) for n in range(1, 5)))
    operated.run()
    number = begin(operated)
    assert untrue(operated) == []
    promote(operated, number)
    operated.run()
    assert sound(operated)


def test_what_comes_before_it_is_promoted_is_told(world: World) -> None:
    operated = _begun(world)
    publish(world, {"tools": []}, 2)
    number = begin(operated)
    world.append(c.clicked(world, 0, world.clock() - 39 * 86_400_000))
    operated.run()
    assert untrue(operated) == []
    promote(operated, number)
    operated.run()
    assert operated.count_of("response.captured") == 4
    assert sound(operated)


@pytest.mark.parametrize("was_live", [False, True])
def test_one_that_failed_is_told_by_nobody_until_it_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, was_live: bool
) -> None:
    visited(world)
    at = world.clock() - 39 * 86_400_000
    operated = Operated(world)
    operated.run()
    publish(world, {"tools": []}, 2)
    number = begin(operated)
    if was_live:
        promote(operated, number)
        operated.replaying.rollback()
    with monkeypatch.context() as patched:
        patched.setattr(growing.Growing, "_follow", _broken)
        world.append(c.clicked(world, 0, at, agent="", ip=""))
        operated.run()
    assert operated.state(number) is State.FAILED
    world.append(c.form_sent(world, 0, at + 5 * MINUTE))
    operated.run()
    operated.replaying.resume(number)
    world.append(*(c.clicked(world, 0, at + n * 1000, link=c.LINKS[n]) for n in range(1, 5)))
    operated.run()
    assert operated.state(number) is State.READY
    promote(operated, number)
    operated.run()
    assert sound(operated)


def _broken(*_: object) -> bool:
    raise ArithmeticError("This rule divides by zero.")


def test_a_retired_classifier_is_the_built_in_one(world: World) -> None:
    operated = _begun(world)
    first = figures(operated)
    publish(world, NO_BROWSER, 2)
    promote(operated, begin(operated))
    step(world, "retired", NO_BROWSER, 2, 3)
    operated.run()
    promote(operated, begin(operated))
    operated.run()
    assert figures(operated) == first
    assert sound(operated)
    world.clock.advance(KEPT_MS)
    operated.run()  # those that were kept are gone, and who tells is another
    assert sound(operated)


def test_an_undone_hit_that_comes_again_is_told_under_a_new_number(world: World) -> None:
    """... also by a version that told of it before it was begun anew."""
    operated = _begun(world)
    click = c.clicked(world, 0, world.clock() - 39 * 86_400_000, agent="curl/8")
    world.append(batched(click))
    publish(world, {"burst_links": 6}, 2)
    operated.run()
    operated.replaying.cancel(begin(operated))
    world.append(undone(world))
    operated.run()
    number = begin(operated)
    world.append(click)
    operated.run()
    assert untrue(operated) == []
    assert len(_told_of(operated, click)) == 4  # twice by each version
    promote(operated, number)
    operated.run()
    assert sound(operated)


def _told_of(operated: Operated, click: Record) -> set[tuple[int, int]]:
    """The verdicts told of a hit, each by the version and the number it was told under."""
    rows = operated.world.columns.query(
        "SELECT JSONExtractUInt(data, 'classifier_version') AS classifier, "
        "JSONExtractUInt(data, 'ordinal') AS ordinal FROM journal "
        "WHERE type = 'interaction.judged' "
        "AND JSONExtractString(data, 'event_id') = {hit:String}",
        {"hit": str(click.event_id)},
    ).to_pylist()
    return {(row["classifier"], row["ordinal"]) for row in rows}
