"""Ids drawn at random."""

from __future__ import annotations

from uuid import UUID

from schemas.clock import RandomIds, random_id
from tests.support.randomness import seeded


def test_random_ids_are_uuids_of_version_4() -> None:
    drawn = RandomIds(seeded())
    made = [drawn() for _ in range(1000)] + [random_id(seeded())]
    for one in made:
        assert (one.version, one.variant) == (4, "specified in RFC 4122")
        assert UUID(bytes=one.bytes) == one
        assert UUID(str(one)) == one
    assert len(set(made[:1000])) == 1000


def test_random_ids_use_every_byte_that_was_drawn_once() -> None:
    asked: list[int] = []
    source = seeded()

    def count(size: int) -> bytes:
        asked.append(size)
        return source(size)

    drawn = RandomIds(count)
    made = {drawn() for _ in range(2000)}
    assert len(made) == 2000
    assert sum(asked) >= 2000 * 16
    assert len(asked) < 20
