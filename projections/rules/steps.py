"""Step functions of time: values that hold from one instant until the next change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

V = TypeVar("V")
W = TypeVar("W")

EVER = -(2**62)
"""Before all instants."""


class Steps(Generic[V]):
    """A value for every instant. ``starts`` begins with ``EVER``; neighbours differ."""

    __slots__ = ("starts", "values")

    def __init__(self, starts: Sequence[int], values: Sequence[V]) -> None:
        self.starts = starts
        self.values = values

    @classmethod
    def always(cls, value: V) -> Steps[V]:
        """The same at all times."""
        return cls((EVER,), (value,))

    @classmethod
    def of(cls, first: V, changes: Iterable[tuple[int, V]]) -> Steps[V]:
        """``first``, and from each instant the value beside it; of equal instants the last wins."""
        ordered = sorted(changes, key=_instant)
        if not ordered:
            return cls((EVER,), (first,))
        starts, values = [EVER], [first]
        for at, value in ordered:
            if at == starts[-1]:
                values[-1] = value
            else:
                starts.append(at)
                values.append(value)
        return cls(*_joined(starts, values))

    @classmethod
    def sums(cls, changes: Iterable[tuple[int, int]]) -> Steps[int]:
        """Zero, and from each instant so much more."""
        total, sums = 0, []
        for at, change in sorted(changes, key=_instant):
            total += change
            sums.append((at, total))
        return Steps.of(0, sums)

    def at(self, instant: int) -> V:
        """The value at an instant."""
        return self.values[bisect_right(self.starts, instant) - 1]

    def after(self, instant: int) -> int | None:
        """The first change behind an instant."""
        index = bisect_right(self.starts, instant)
        return self.starts[index] if index < len(self.starts) else None

    def map(self, change: Callable[[V], W]) -> Steps[W]:
        """The values, each changed."""
        return Steps(*_joined(self.starts, [change(value) for value in self.values]))

    def __iter__(self) -> Iterator[tuple[int, V]]:
        return iter(zip(self.starts, self.values, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash((tuple(self.starts), tuple(self.values)))

    def __repr__(self) -> str:
        return f"Steps({list(self)})"


def joined(change: Callable[[Sequence[V]], W], parts: Sequence[Steps[V]]) -> Steps[W]:
    """What follows from several values at once."""
    if len(parts) == 1:
        return parts[0].map(lambda value: change((value,)))
    now = [part.values[0] for part in parts]
    starts, values = [EVER], [change(now)]
    moves = [
        (at, index, value)
        for index, part in enumerate(parts)
        if len(part.starts) > 1
        for at, value in zip(part.starts[1:], part.values[1:], strict=True)
    ]
    for at, index, value in sorted(moves, key=_instant):
        now[index] = value
        if at == starts[-1]:
            values[-1] = change(now)
        else:
            starts.append(at)
            values.append(change(now))
    return Steps(*_joined(starts, values))


def _instant(change: tuple[Any, ...]) -> int:
    at: int = change[0]
    return at


def _joined(starts: Sequence[int], values: Sequence[W]) -> tuple[Sequence[int], Sequence[W]]:
    """Without steps that are none. Compared by type too: 1 is not true."""
    if len(starts) == 1:
        return starts, values
    last = values[0]
    some, kept = [starts[0]], [last]
    for index in range(1, len(starts)):
        here = values[index]
        if here != last or type(here) is not type(last):
            some.append(starts[index])
            kept.append(here)
            last = here
    return some, kept
