"""Raw bodies: requests as they came, sealed, kept for some days beside the log, never in it.

1. What is kept is bytes under a key of the event's own person; this store never sees them clear.
2. A body is kept under its event's id before the event is appended; the first one stays.
3. Days are let go whole: one that is older than the retention is neither read nor kept any longer.
4. A store with a retention of no days keeps nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SealedBytes:
    """Bytes that only the key of that id opens."""

    key_id: str
    content: bytes = field(repr=False)


class RawBodies(ABC):
    """The port of raw bodies; the module's docstring is its contract. Calls block for the disk."""

    @abstractmethod
    def put(self, workspace: str, event_id: UUID, sealed: SealedBytes) -> None:
        """Keep a body, durably. Raises ``UnavailableError``."""

    @abstractmethod
    def get(self, workspace: str, event_id: UUID) -> SealedBytes | None:
        """The body of an event; ``None`` if there is none, or none any more."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""


class NoRawBodies(RawBodies):
    """Keeps nothing: the retention of no days."""

    def put(self, workspace: str, event_id: UUID, sealed: SealedBytes) -> None:
        """Nothing is kept."""

    def get(self, workspace: str, event_id: UUID) -> SealedBytes | None:
        return None

    def close(self) -> None:
        """There is nothing to let go of."""
