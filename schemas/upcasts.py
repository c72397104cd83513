"""How an old version of an event's data becomes the newest: one step per version, applied in turn.

The codec is the only caller. A step is a pure function from the data of version n to version n+1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.errors import Unreadable

Step = Callable[[dict[str, Any]], dict[str, Any]]


class Upcasts:
    """The chain of steps, by (type, from version)."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, int], Step] = {}

    def step(self, event_type: str, from_version: int) -> Callable[[Step], Step]:
        """Declare the step that leads from one version to the next."""

        def declare(function: Step) -> Step:
            if (event_type, from_version) in self._steps:
                raise ValueError(f"Two upcasts lead from {event_type}.v{from_version}.")
            self._steps[event_type, from_version] = function
            return function

        return declare

    def steps(self) -> frozenset[tuple[str, int]]:
        """All steps there are, by (type, from version)."""
        return frozenset(self._steps)

    def apply(self, event_type: str, version: int, to: int, data: dict[str, Any]) -> dict[str, Any]:
        """The data at version ``to``. Raises ``Unreadable`` where a step is missing."""
        for at in range(version, to):
            step = self._steps.get((event_type, at))
            if step is None:
                raise Unreadable(f"No upcast leads from {event_type}.v{at}.")
            data = step(data)
        return data


UPCASTS = Upcasts()
