"""The shelf of pasts: bounded, shared, cleaned up after."""

from __future__ import annotations

import pytest

from events.cursor import Cursor
from projections.past.cut import CutLog, Moment
from projections.past.shelf import FRESH, Shelf
from schemas.errors import InvalidInput, LogUnavailable, Preparing
from schemas.kpis import KpiQuery
from schemas.views import Past, ResponseFilter
from tests.support import campaign as c
from tests.support.world import WORKSPACE

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def played(world):
    start = world.clock() - 86_400_000
    world.append(*c.planned(world), c.contact(world, 1), *c.sent(world, 1, start))
    world.append(c.clicked(world, 1, start + 10 * MINUTE))
    world.run()
    return world


@pytest.fixture
def source(played):
    return played.models


@pytest.fixture
def shelf(played, source, tmp_path):
    made = Shelf(source, tmp_path / "pasts", played.clock, most=2, patience=60)
    yield made
    made.close()


def _databases(world) -> list[str]:
    return [
        row["name"]
        for row in world.columns.query(
            "SELECT name FROM system.databases WHERE startsWith(name, {p:String}) ORDER BY name",
            {"p": world.columns.database + "_past_"},
        ).to_pylist()
    ]


def _responses(stores) -> int:
    found = stores.columns.query("SELECT count() AS n FROM response_copy WHERE NOT deleted")
    return int(found.to_pylist()[0]["n"])


def test_the_same_moment_is_built_once_and_the_oldest_is_dropped(played, shelf, tmp_path):
    heads = played.log.heads()
    moments = [Moment(WORKSPACE, heads, played.clock() - n * MINUTE) for n in range(3)]
    for moment in (*moments[:2], moments[0]):
        with shelf.taken(moment) as stores:
            assert _responses(stores) == 1
    assert len(_databases(played)) == len(list((tmp_path / "pasts").iterdir())) == 2
    with shelf.taken(moments[2]):
        pass
    assert len(_databases(played)) == 2
    with shelf.taken(moments[0]):  # asked for last but one, so it is still there
        pass
    assert _databases(played)[0].endswith("000001")


def test_a_past_that_is_read_is_not_dropped(played, shelf):
    heads = played.log.heads()
    with shelf.taken(Moment(WORKSPACE, heads)) as stores:
        for n in range(3):
            with shelf.taken(Moment(WORKSPACE, heads, played.clock() - n)):
                pass
        assert _responses(stores) == 1


def test_another_workspace_has_a_past_of_its_own(played, shelf):
    with shelf.taken(Moment("other", played.log.heads())) as stores:
        assert _responses(stores) == 0
        found = stores.columns.query("SELECT count() AS n FROM journal").to_pylist()
        assert found == [{"n": 0}]


def test_who_asks_as_of_now_gets_the_past_that_was_just_made(played, shelf):
    asked = Moment(WORKSPACE, played.log.heads(), played.clock())
    with shelf.taken(asked):
        pass
    played.append(c.contact(played, 2))
    later = Moment(WORKSPACE, played.log.heads(), asked.as_of)
    assert shelf.recent(later) == asked
    assert shelf.recent(Moment("other", later.cursor, asked.as_of)).workspace == "other"
    played.clock.advance(FRESH + 1)
    assert shelf.recent(later) == later


def test_whoever_does_not_wait_is_told_how_far_it_is(played, source, tmp_path):
    shelf = Shelf(source, tmp_path / "slow", played.clock, patience=0)
    try:
        with (
            pytest.raises(Preparing, match=r"\d+ % is done"),
            shelf.taken(Moment(WORKSPACE, played.log.heads())),
        ):
            pass
    finally:
        shelf.close()
    assert _databases(played) == []
    assert not (tmp_path / "slow").exists()


def test_what_a_killed_process_left_is_dropped(played, source, tmp_path):
    folder = tmp_path / "left"
    (folder / "000007").mkdir(parents=True)
    played.columns.beside(f"{played.columns.database}_past_000007").close()
    assert len(_databases(played)) == 1
    Shelf(source, folder, played.clock).close()
    assert _databases(played) == []
    assert not folder.exists()


def test_a_cut_log_takes_nothing(played):
    with pytest.raises(LogUnavailable):
        CutLog(played.log, Moment(WORKSPACE, Cursor())).append([])


def test_a_page_goes_on_in_the_past_where_it_began(played):
    for number in range(2, 5):
        played.append(c.contact(played, number), *c.sent(played, number, played.clock() - HOUR))
        played.append(c.clicked(played, number, played.clock()))
    played.run()
    reads = played.reads()
    past = ResponseFilter(known_at=played.log.heads().encode())
    played.append(c.contact(played, 9), *c.sent(played, 9, played.clock() - HOUR))
    played.append(c.clicked(played, 9, played.clock()))
    played.run()
    first = reads.responses(WORKSPACE, past, None, 3)
    rest = reads.responses(WORKSPACE, past, first.next_cursor, 3)
    assert (len(first.data), len(rest.data)) == (3, 1)
    assert first.known_at == rest.known_at == past.known_at
    assert len(reads.responses(WORKSPACE, ResponseFilter(), None, 10).data) == 5
    with pytest.raises(InvalidInput, match="another past"):
        reads.responses(
            WORKSPACE, ResponseFilter(known_at=past.known_at, as_of=1), first.next_cursor, 3
        )


def test_a_cursor_behind_the_log_is_refused(played):
    reads = played.reads()
    ahead = Cursor({place: offset + 1 for place, offset in played.log.heads().items()}).encode()
    for ask in (
        lambda: reads.kpis(WORKSPACE, KpiQuery(known_at=ahead)),
        lambda: reads.responses(WORKSPACE, ResponseFilter(known_at=ahead), None, 1),
        lambda: reads.journey(WORKSPACE, c.person(1), Past(known_at=ahead), None, 1),
    ):
        with pytest.raises(InvalidInput, match="behind the end"):
            ask()


def test_a_list_takes_the_rule_that_made_its_responses(played):
    reads = played.reads()
    (one,) = reads.responses(WORKSPACE, ResponseFilter(), None, 10).data
    for definition, version, found in (
        (one.rule_id, None, 1), (one.rule_id, one.rule_version, 1),
        (one.rule_id, 99, 0), (c.person(1), None, 0),
    ):  # fmt: skip
        only = ResponseFilter(definition=definition, version=version)
        assert len(reads.responses(WORKSPACE, only, None, 10).data) == found
