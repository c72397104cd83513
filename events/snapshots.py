"""Stores held still at one moment, to be copied while they go on.

1. ``pin`` is quick and holds up nobody; what is copied afterwards is the store of that moment.
2. A pinned store costs room until it is closed: what was there then cannot be let go of meanwhile.
3. ``copy`` writes exactly one file, synced, under the snapshot's name; ``going`` is called between
   its steps, and whatever that raises ends the copying.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

Going = Callable[[], None]
"""Called between two steps of long work; it raises what ends the work."""


class Snapshot(ABC):
    """One moment of a store; the module's docstring is its contract."""

    name: str

    @abstractmethod
    def copy(self, folder: Path, going: Going) -> None:
        """Write the copy. Raises ``StoreUnavailable`` if either side fails."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the moment."""


class Source(ABC):
    """A store that can be held still."""

    @abstractmethod
    def pin(self) -> Snapshot:
        """Hold this moment of the store. Raises ``StoreUnavailable``."""
