"""The port of what engineers do with the log and the read models as a whole.

1. One piece of long work at a time; another is refused with ``Busy``.
2. The doors go on taking events meanwhile; read models stand still for as long as each call says.
3. ``abandon`` may be called from any thread; the work under way then raises ``Abandoned`` soon.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from events.cursor import Cursor
from projections.differences.difference import Difference
from projections.letters import Letters


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


@dataclass(frozen=True, slots=True)
class Verification:
    """Every table, live and rebuilt; and which rows differ, from the live to the rebuilt ones."""

    compared: list[Comparison]
    differences: list[Difference]


class Maintenance(Letters):
    """Every call blocks for as long as the work takes; the module's docstring is the contract."""

    @abstractmethod
    def follow(self) -> None:
        """Begin to follow the log; again changes nothing."""

    @abstractmethod
    def verify(self) -> Verification:
        """Bring read models to the log's end, rebuild them beside themselves, and compare.

        They stand still all the while. Raises ``Busy`` or ``Abandoned``.
        """

    @abstractmethod
    def snapshot(self, folder: str) -> Cursor:
        """Copy the log and every read model, as of one moment, into an existing folder.

        Answers where the log ended at that moment. Read models stand still only while the moment
        is held, not while it is copied. Raises ``Busy``, ``Abandoned`` or ``StoreUnavailable``.
        """

    @abstractmethod
    def abandon(self) -> None:
        """End the work under way, if there is any, without a result."""
