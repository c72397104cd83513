"""The port of dead letters: events that one projection could not apply, listed and brought back."""

from __future__ import annotations

from abc import ABC, abstractmethod

from projections.dead_letters import Letter


class Letters(ABC):
    """Every call blocks for a store."""

    @abstractmethod
    def letters(self) -> list[Letter]:
        """The dead letters that wait, the oldest first, a thousand at most."""

    @abstractmethod
    def letter(self, name: str) -> Letter:
        """One of them, or of those that were solved. Raises ``NotFound``."""

    @abstractmethod
    def retry(self, name: str) -> Letter:
        """Apply a dead letter's event to its projection once more; answers how it stands now.

        Raises ``NotFound``, and ``RangeRemoved`` where the log has the event no longer.
        """
