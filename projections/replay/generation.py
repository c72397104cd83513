"""What is known of one generation of read models."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from projections.generations import Versions


class State(StrEnum):
    """``building`` and ``ready`` become ``live`` or ``gone``; what was live is ``kept`` a while."""

    BUILDING = "building"
    PAUSED = "paused"
    READY = "ready"
    LIVE = "live"
    KEPT = "kept"
    FAILED = "failed"
    GONE = "gone"


class Stage(StrEnum):
    """How a generation grows: facts are folded, all is concluded once, verdicts that nobody else
    tells are told, then it follows.
    """

    FOLDING = "folding"
    CONCLUDING = "concluding"
    TELLING = "telling"
    FOLLOWING = "following"


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation.

    ``begun_at`` and ``switched_at`` are in milliseconds; the latter is when readers were last
    pointed to it, or away from it. ``events`` were folded in ``spent_ms``, from its beginning until
    it followed. ``unapplied`` counts what its folds could not take though the live ones could, and
    ``trouble`` says why it failed, or what the last of these was.
    """

    number: int
    state: State
    stage: Stage
    versions: Versions
    begun_at: int
    switched_at: int = 0
    events: int = 0
    spent_ms: int = 0
    unapplied: int = 0
    trouble: str = ""

    @property
    def grows(self) -> bool:
        """Whether it is built, or kept up to date, beside the live one."""
        return self.state in {State.BUILDING, State.READY, State.KEPT}

    @property
    def rate(self) -> float | None:
        """Events folded a second; ``None`` before any was."""
        return self.events * 1000 / self.spent_ms if self.spent_ms else None
