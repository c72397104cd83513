"""Ours and the ceiling in turns, so that whatever else the machine does falls on both."""

from __future__ import annotations

from collections.abc import Callable

from services.bench.measured import Result, Rounds

Measure = Callable[[], float]
Note = Callable[[str], None]


def in_turns(
    name: str, unit: str, ours: Measure, ceiling_name: str, ceiling: Measure, rounds: int,
    note: Note,
) -> Result:  # fmt: skip
    """Measure both, one after the other, several times."""
    values: list[float] = []
    ceilings: list[float] = []
    for number in range(1, rounds + 1):
        values.append(ours())
        ceilings.append(ceiling())
        note(
            f"{name}, round {number} of {rounds}: {values[-1]:,.1f} {unit},"
            f" ceiling {ceilings[-1]:,.1f}"
        )
    return Result(name, unit, Rounds(tuple(values)), ceiling_name, Rounds(tuple(ceilings)))
