"""Cursors: what is written is read back, and rubbish is refused, never misread."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.cursor import Cursor
from schemas.catalogue import Topic
from schemas.envelope import Position
from schemas.errors import InvalidInput

PLACES = st.tuples(st.sampled_from(Topic), st.integers(0, 63))
CURSORS = st.dictionaries(PLACES, st.integers(0, 2**63 - 1), max_size=40).map(Cursor)
FACTS = Topic.FACTS


@given(CURSORS)
def test_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert Cursor.decode(cursor.encode()) == cursor


@given(CURSORS)
def test_cursor_is_one_word_of_a_url(cursor: Cursor) -> None:
    assert all(c.isalnum() or c in "-_" for c in cursor.encode())


def test_the_cursor_of_a_full_log_fits_in_two_kibibytes() -> None:
    full = Cursor({(t, p): 2**41 for t in Topic for p in range(64)})
    assert len(full.encode()) <= 2048
    assert Cursor.decode(full.encode()) == full


@given(st.text(max_size=100))
def test_rubbish_is_refused_as_input(text: str) -> None:
    try:
        cursor = Cursor.decode(text)
    except InvalidInput:
        return
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.binary(max_size=60))
def test_rubbish_under_a_right_first_byte_is_refused_or_read_whole(tail: bytes) -> None:
    text = base64.urlsafe_b64encode(b"\x01" + tail).decode()
    try:
        cursor = Cursor.decode(text)
    except InvalidInput:
        return
    assert all(0 < offset < 2**63 for offset in cursor.values())


@pytest.mark.parametrize(
    "text", ["", "!", "AQ", "A" * 2049, "AgAAAA", "AQAAAAA", "AQAAAA\n", "é"],
    ids=["empty", "sign", "cut", "long", "version", "more", "line end", "not ascii"],
)  # fmt: skip
def test_a_damaged_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Cursor.decode(text)
    assert caught.value.faults


def test_an_endless_number_is_refused() -> None:
    endless = base64.urlsafe_b64encode(b"\x01" + b"\xff" * 100).decode()
    with pytest.raises(InvalidInput):
        Cursor.decode(endless)


def test_what_is_absent_counts_as_zero() -> None:
    assert Cursor()[FACTS, 3] == 0
    assert Cursor({(FACTS, 3): 0}) == Cursor()
    assert (FACTS, 3) not in Cursor()
    assert (FACTS, 3) in Cursor({(FACTS, 3): 1})


def test_after_is_behind_all_positions() -> None:
    places = [Position(FACTS, 0, 4), Position(FACTS, 0, 2), Position(Topic.DERIVED, 1, 0)]
    assert Cursor.after(places) == Cursor({(FACTS, 0): 5, (Topic.DERIVED, 1): 1})


@given(CURSORS, CURSORS)
def test_merged_is_the_smallest_that_reaches_both(a: Cursor, b: Cursor) -> None:
    both = a.merged(b)
    assert both.reaches(a)
    assert both.reaches(b)
    assert both == b.merged(a)
    assert a.reaches(both) == a.reaches(b)


@given(CURSORS, PLACES, st.integers(1, 2**40))
def test_every_move_on_grows_the_total(cursor: Cursor, place: tuple[Topic, int], by: int) -> None:
    moved = cursor.moved({place: cursor[place] + by})
    assert moved.total == cursor.total + by
    assert moved.reaches(cursor)
    assert not cursor.reaches(moved)
    assert hash(moved) != hash(cursor) or moved != cursor


@pytest.mark.parametrize(("offset", "read"), [(2**63 - 1, True), (2**63, False), (2**70, False)])
def test_a_number_beyond_what_a_log_holds_is_refused(offset: int, read: bool) -> None:
    raw, rest = bytearray([1, 1, 0]), offset
    while rest > 0x7F:
        raw.append(rest & 0x7F | 0x80)
        rest >>= 7
    raw += bytes([rest, 0, 0])
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    if read:
        assert Cursor.decode(text) == Cursor({(FACTS, 0): offset})
    else:
        with pytest.raises(InvalidInput):
            Cursor.decode(text)
