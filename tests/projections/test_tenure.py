"""Two workers at one sink: who has lost a place writes nothing there, and nothing is left half."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from events.cursor import TOPICS
from events.sql.tables import reading
from projections.columns_sink import ColumnsSink
from projections.folds.order import all_folds
from projections.folds.reference import ReferenceBook
from projections.judgements.classifiers import Classifiers
from projections.page import read_page
from projections.rows_sink import RowsSink
from projections.stores.rows import INTENT
from projections.tenure import COPIES, Shared
from schemas.errors import CursorGap, StoreUnavailable
from tests.support import campaign as c
from tests.support.world import SETTLE, World

pytestmark = pytest.mark.both_modes
PLACES = [(topic, partition) for topic in TOPICS for partition in range(4)]


def rows_worker(world: World) -> tuple[RowsSink, Shared]:
    book, tenure = ReferenceBook(), Shared(world.rows, "rows", 1)
    sink = RowsSink(
        world.rows, world.log, world.composer, book, all_folds(book, SETTLE),
        Classifiers(world.log, {}), generation=1,
        tenure=tenure,
    )  # fmt: skip
    return sink, tenure


def columns_worker(world: World) -> tuple[ColumnsSink, Shared]:
    tenure = Shared(world.rows, "columns", 1)
    sink = ColumnsSink(
        world.rows, world.columns, world.log, world.composer, 1, Classifiers(world.log, {}),
        tenure=tenure,
    )  # fmt: skip
    return sink, tenure


def test_who_has_lost_a_place_stores_no_page_of_it(world: World) -> None:
    old, new = rows_worker(world), rows_worker(world)
    old[1].hold(PLACES)
    world.append(c.contact(world, 0))
    page = read_page(world.log, old[0].cursor(), 100)
    new[1].hold(PLACES)
    with pytest.raises(CursorGap):
        old[0].apply(page)
    assert new[0].step(100)
    with pytest.raises(CursorGap):  # the page begins where the sink stands no longer
        new[0].apply(page)
    world.rows_sink = new[0]
    world.run()
    assert [one.table for one in world.rebuilt() if not one.equal] == []


def test_a_place_that_is_not_held_is_not_moved_at(world: World) -> None:
    sink, tenure = rows_worker(world)
    world.append(c.contact(world, 0))
    with pytest.raises(CursorGap):
        sink.step(100)
    tenure.hold(PLACES)
    assert sink.step(100)


def test_a_place_kept_keeps_its_epoch(world: World) -> None:
    _, tenure = rows_worker(world)
    tenure.hold(PLACES[:2])
    before = [tenure.epoch(place) for place in PLACES[:2]]
    tenure.hold(PLACES[1:3])
    assert [tenure.epoch(place) for place in PLACES[:3]] == [None, before[1], 1]
    tenure.hold(PLACES[:2])
    assert tenure.epoch(PLACES[0]) == 2


def test_a_step_left_open_is_finished_by_who_takes_its_places(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = columns_worker(world), columns_worker(world)
    old[1].hold(PLACES)
    world.append(*c.planned(world), c.contact(world, 0))
    world.rows_sink.step(100)

    def dies(*_: Any) -> None:
        raise StoreUnavailable("The worker dies here.")

    with monkeypatch.context() as patched:
        patched.setattr(old[0], "_derive", dies)
        with pytest.raises(StoreUnavailable):
            old[0].step(100)
    new[1].hold(PLACES)
    assert new[0].resume()
    assert _open(world) == 0
    world.append(c.contact(world, 1))
    with pytest.raises(CursorGap):
        old[0].step(100)
    world.columns_sink = new[0]
    world.run()
    assert [one.table for one in world.rebuilt() if not one.equal] == []


def test_a_step_may_be_finished_by_two_at_once(world: World) -> None:
    """A worker that is thought dead goes on in the middle of its step, as if nothing had been."""
    old, new = columns_worker(world), columns_worker(world)
    old[1].hold(PLACES)
    world.append(*c.planned(world), c.contact(world, 0))
    world.rows_sink.step(100)
    derive = old[0]._derive

    def late(*told: Any) -> None:
        new[1].hold(PLACES)
        assert new[0].resume()
        derive(*told)

    old[0]._derive = late  # type: ignore[method-assign]
    assert old[0].step(100)
    assert _open(world) == 0
    world.columns_sink = new[0]
    world.run()
    assert [one.table for one in world.rebuilt() if not one.equal] == []


def test_copies_are_shipped_by_who_has_their_place(world: World) -> None:
    with_copies, without = columns_worker(world), columns_worker(world)
    with_copies[1].hold([COPIES])
    without[1].hold([place for place in PLACES if place != COPIES])
    assert (with_copies[1].ships_copies, without[1].ships_copies) == (True, False)


def _open(world: World) -> int:
    with reading(world.rows).begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(INTENT)).scalar_one()
