"""Facts of a batch that was undone are refused: they would be stored, and count for nothing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from schemas.errors import Fault, InvalidInput
from schemas.instants import Instant

IsUndone = Callable[[str, UUID], bool]
"""Whether a batch of a workspace was undone."""


class UndoneBatches:
    """Asks once for the many facts of one request, which have one ``now``."""

    def __init__(self, is_undone: IsUndone) -> None:
        self._is_undone = is_undone
        self._asked: tuple[str, UUID, Instant] | None = None

    def check(self, workspace: str, batch: UUID | None, now: Instant) -> None:
        """Raises ``InvalidInput``."""
        if batch is None or self._asked == (workspace, batch, now):
            return
        if self._is_undone(workspace, batch):
            detail = "This batch was undone: send its facts under another batchid."
            raise InvalidInput(detail, (Fault("/batchid", detail),))
        self._asked = (workspace, batch, now)
