"""What was brought is read once, in order, from where the sink stands; a gap is never read over."""

from __future__ import annotations

import pytest

from events.cursor import Cursor
from events.log import StoredRecord
from projections.page import read_page
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import RangeRemoved
from services.stream.delivery import Delivery
from tests.support.records import HEAD, identity

PLACE = (Topic.FACTS, 1)
OTHER = (Topic.DERIVED, 0)


def records(*offsets: int, size: int = 10) -> list[StoredRecord]:
    return [
        StoredRecord(Position(*PLACE, o), 1000 + o, "demo:a", identity(o), "event.tracked.v1", HEAD,
                     b"x" * size)
        for o in offsets
    ]  # fmt: skip


@pytest.fixture
def delivery() -> Delivery:
    made = Delivery(4)
    made.assign([PLACE, OTHER])
    return made


def offsets(delivery: Delivery, start: int, limit: int = 100) -> list[int]:
    return [r.position.offset for r in delivery.read(*PLACE, start, limit).records]


def begun(delivery: Delivery, start: int) -> None:
    """The sink asks, and what it asks for is fetched."""
    assert offsets(delivery, start) == []
    assert delivery.seeks() == {PLACE: start}
    assert delivery.wanted() == {PLACE}


def test_a_place_is_fetched_from_where_its_sink_asks(delivery: Delivery) -> None:
    assert delivery.wanted() == set()
    begun(delivery, 7)
    assert delivery.seeks() == {}
    delivery.bring(PLACE, records(7, 8, 9))
    assert offsets(delivery, 7, 2) == [7, 8]
    assert offsets(delivery, 9) == [9]
    assert delivery.heads()[PLACE] == 10


def test_a_page_that_was_not_stored_is_read_again(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.bring(PLACE, records(0, 1, 2))
    assert offsets(delivery, 0, 2) == [0, 1]
    assert offsets(delivery, 0, 2) == [0, 1]


def test_a_sink_that_stands_elsewhere_has_its_place_fetched_anew(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.bring(PLACE, records(0, 1, 2))
    begun(delivery, 10)
    delivery.bring(PLACE, records(10))
    assert offsets(delivery, 10) == [10]
    begun(delivery, 5)


def test_what_was_fetched_before_a_seek_is_left_out(delivery: Delivery) -> None:
    begun(delivery, 0)
    offsets(delivery, 5)
    delivery.bring(PLACE, records(0, 1))  # on its way while the sink asked for 5
    assert delivery.seeks() == {PLACE: 5}
    delivery.bring(PLACE, records(4, 5, 6))
    assert offsets(delivery, 5) == [5, 6]


def test_a_gap_is_fetched_again(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.bring(PLACE, records(0, 1, 4, 5))
    assert delivery.gaps == 1
    assert offsets(delivery, 0) == [0, 1]
    assert delivery.seeks() == {PLACE: 2}
    delivery.bring(PLACE, records(2, 3, 4))
    assert offsets(delivery, 2) == [2, 3, 4]


def test_a_gap_that_stays_is_a_range_that_was_removed(delivery: Delivery) -> None:
    begun(delivery, 0)
    for _ in range(2):
        delivery.bring(PLACE, records(100))
        delivery.seeks()
    assert delivery.heads()[PLACE] == 100  # so that its reader does ask
    assert delivery.wanted() == set()
    for start in (0, 50):
        with pytest.raises(RangeRemoved, match=f"offset {start}"):
            offsets(delivery, start)
        assert delivery.seeks() == {}
    # What was removed is read elsewhere; then it goes on here.
    assert offsets(delivery, 100) == []
    assert delivery.seeks() == {PLACE: 100}
    delivery.bring(PLACE, records(100, 101))
    assert offsets(delivery, 100) == [100, 101]


def test_a_place_of_which_nothing_is_left_is_told_to_begin_later(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.begin_at({PLACE: 7})
    assert (delivery.heads()[PLACE], delivery.wanted()) == (7, set())
    with pytest.raises(RangeRemoved, match="offset 0"):
        offsets(delivery, 0)
    assert offsets(delivery, 7) == []
    assert delivery.seeks() == {PLACE: 7}


def test_a_place_that_is_full_is_not_fetched(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.bring(PLACE, records(*range(2000)))
    assert delivery.wanted() == set()
    offsets(delivery, 1)
    assert delivery.wanted() == {PLACE}


def test_all_places_together_are_bounded_in_bytes(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.bring(PLACE, records(*range(40), size=1 << 20))
    assert delivery.wanted() == set()
    offsets(delivery, 40)
    assert delivery.wanted() == {PLACE}


def test_a_place_given_up_gives_nothing(delivery: Delivery) -> None:
    begun(delivery, 0)
    delivery.bring(PLACE, records(0))
    delivery.assign([OTHER])
    delivery.bring(PLACE, records(1))
    assert offsets(delivery, 0) == []
    assert delivery.heads()[PLACE] == 0


def test_a_page_begins_the_places_it_finds_unbegun(delivery: Delivery) -> None:
    stands = Cursor({PLACE: 3})
    assert read_page(delivery, stands, 100).end == stands
    assert delivery.seeks() == {PLACE: 3, OTHER: 0}
