"""What was asked for: how long, how many, with which mix, and where notes go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.clock import Clock, RandomBytes
from services.bench.mix import Mix
from services.bench.rounds import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The options of a run. What is None is chosen by the bench, which knows what is honest."""

    mix: Mix
    folder: Path
    clock: Clock
    random: RandomBytes
    note: Note
    seconds: float | None = None
    events: int | None = None
    rounds: int | None = None
    connections: int | None = None
    rate: int | None = None
    first: int | None = None
    last: int | None = None
    full: bool = False
