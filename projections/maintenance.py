"""The port of what engineers do with the read models as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table, live and rebuilt."""

    table: str
    live_rows: int
    rebuilt_rows: int
    live_digest: str
    rebuilt_digest: str

    @property
    def equal(self) -> bool:
        """Whether both hold the same rows."""
        return (self.live_rows, self.live_digest) == (self.rebuilt_rows, self.rebuilt_digest)


class Maintenance(ABC):
    """Every call blocks for as long as the work takes."""

    @abstractmethod
    def follow(self) -> None:
        """Begin to follow the log; again changes nothing."""

    @abstractmethod
    def verify(self) -> list[Comparison]:
        """Catch up, rebuild everything beside the live tables, and compare. Raises ``Stale``."""
