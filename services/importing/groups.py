"""Cutting a long sequence into requests of a bearable size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in groups of ``size``, the last one shorter."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
