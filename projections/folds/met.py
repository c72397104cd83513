"""The facts that were met lately: most that are folded again came a few pages ago."""

from __future__ import annotations

from projections.folds.fold import Known

MOST_BYTES = 32 * 1024 * 1024
_BESIDE_DATA = 2500  # about what an event and its payload take beside the stored bytes


class Met:
    """Facts by event id, the newest of them up to so many bytes.

    A fact never changes, so one that was met in a page which came to nothing is as good.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._known: dict[str, Known] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(self, name: str) -> Known | None:
        """The fact of an event id, if it was met."""
        return self._known.get(name)

    def add(self, known: Known) -> None:
        """Meet a fact; it takes the place of another with its id."""
        before = self._known.get(known.id)
        self._bytes += _size(known) - (_size(before) if before else 0)
        self._known[known.id] = known

    def forget(self) -> None:
        """Let the oldest go, as far as there are too many; to be called between pages."""
        gone: list[str] = []
        for name, known in self._known.items():
            if self._bytes <= self._most:
                break
            self._bytes -= _size(known)
            gone.append(name)
        for name in gone:
            del self._known[name]


def _size(known: Known) -> int:
    return len(known.event.data) + _BESIDE_DATA
