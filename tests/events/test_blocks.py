"""Blocks give back what was packed, and say so when they cannot."""

from __future__ import annotations

import pytest

from events.blocks import MOST_BYTES, MOST_RECORDS, ids, pack, unpack
from events.log import StoredRecord
from schemas.catalogue import Topic
from schemas.errors import Unreadable
from tests.support.records import record


def unpacked(body: bytes, start: int, first: int, end: int) -> list[StoredRecord]:
    return list(unpack(body, Topic.FACTS, 2, start, 77, first, end))


def test_a_block_gives_back_what_was_packed() -> None:
    sent = [record(n, key=f"demo:Ünïcode {n}", kind=f"a.{n}.v1") for n in range(5)]
    ((count, body),) = pack(sent)
    found = unpacked(body, 10, 0, 100)
    assert count == 5
    assert [(r.key, r.event_id, r.type, r.head, r.data) for r in found] == [
        (r.key, r.event_id, r.type, r.head, r.data) for r in sent
    ]
    assert [r.position for r in found] == [(Topic.FACTS, 2, offset) for offset in range(10, 15)]
    assert {r.recorded_at for r in found} == {77}


@pytest.mark.parametrize(("first", "end"), [(10, 15), (12, 14), (14, 99), (9, 11), (15, 99)])
def test_only_the_wanted_offsets_are_read(first: int, end: int) -> None:
    ((_, body),) = pack([record(n) for n in range(5)])
    wanted = [n for n in range(10, 15) if first <= n < end]
    assert [r.position.offset for r in unpacked(body, 10, first, end)] == wanted


def test_blocks_are_bounded_in_records_and_in_bytes() -> None:
    counts = [count for count, _ in pack([record(n) for n in range(2 * MOST_RECORDS + 1)])]
    assert counts == [MOST_RECORDS, MOST_RECORDS, 1]
    big = [record(n)._replace(data=bytes(MOST_BYTES // 2)) for n in range(3)]
    assert [count for count, _ in pack(big)] == [1, 1, 1]


def test_ids_leave_out_what_is_never_looked_up() -> None:
    ((_, body),) = pack([record(1), record(2, fresh=True), record(3, digest=b"x" * 16)])
    first, fresh, last = ids(body)
    assert first == (record(1).event_id.bytes, b"d" * 16)
    assert fresh is None
    assert last == (record(3).event_id.bytes, b"x" * 16)


@pytest.mark.parametrize("damage", [b"", b"\x02", b"\x01half a head"])
def test_a_block_that_cannot_be_read_says_so(damage: bytes) -> None:
    with pytest.raises(Unreadable, match="block of the log"):
        unpacked(damage or b"", 0, 0, 9)


def test_a_torn_block_is_not_read_as_a_shorter_one() -> None:
    ((_, body),) = pack([record(n) for n in range(3)])
    with pytest.raises(Unreadable, match="ends too early"):
        unpacked(body[:-1], 0, 0, 9)
