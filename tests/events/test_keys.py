"""Keys: their partitions are fixed for ever, since a stored log depends on them."""

from __future__ import annotations

import pytest

from events.keys import key_of, partition_of


@pytest.mark.parametrize(
    ("key", "of_four", "of_sixty_four"),
    [("demo:", 0, 8), ("demo:a", 2, 38), ("demo:Ünï", 3, 51), ("other:a", 1, 17)],
)
def test_partitions_are_those_of_the_first_release(
    key: str, of_four: int, of_sixty_four: int
) -> None:
    assert (partition_of(key, 4), partition_of(key, 64)) == (of_four, of_sixty_four)


def test_key_begins_with_its_workspace() -> None:
    assert key_of("demo", 7) == "demo:7"
    assert key_of("demo", "") == "demo:"
