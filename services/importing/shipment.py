"""Rows on their way to the server: in groups, two requests under way, answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from services.importing.client import Receipt
from services.importing.rows import Row, State

MOST_FACTS = 500
MOST_BYTES = 700_000  # the door takes a mebibyte
MOST_ROWS = 5_000  # also where few of them are facts
UNDER_WAY = 2


class Carrier(Protocol):
    """Takes a group of rows to a server, and tells what became of them. May block, and wait."""

    def __call__(self, group: Group, *, dry_run: bool) -> Receipt: ...


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows after one another. The same file is always cut into the same groups."""

    number: int
    rows: tuple[Row, ...]

    @property
    def ready(self) -> list[Row]:
        """The rows that are sent."""
        return [row for row in self.rows if row.state is State.READY]

    def body(self) -> bytes:
        """The body of their request."""
        return b"[" + b",".join(row.wire for row in self.ready) + b"]"


def groups(rows: Iterable[Row]) -> Iterator[Group]:
    """The rows in groups."""
    number, held, facts, size = 0, list[Row](), 0, 0
    for row in rows:
        full = facts == MOST_FACTS or len(held) == MOST_ROWS
        if held and (full or size + len(row.wire) > MOST_BYTES):
            yield Group(number, tuple(held))
            number, held, facts, size = number + 1, [], 0, 0
        held.append(row)
        facts += row.state is State.READY
        size += len(row.wire) + 1
    if held:
        yield Group(number, tuple(held))


class Shipment:
    """Sends groups, and hands them back in their order with their receipts."""

    def __init__(self, carry: Callable[[Group], Receipt]) -> None:
        self._carry = carry
        self._threads = ThreadPoolExecutor(UNDER_WAY, thread_name_prefix="import")
        self._sent: deque[tuple[Group, Future[Receipt]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def send(self, group: Group) -> Iterator[tuple[Group, Receipt]]:
        """Send one group; answers those that have to be waited for before it may go."""
        while len(self._sent) >= UNDER_WAY:
            yield self._next()
        self._sent.append((group, self._threads.submit(self._take, group)))

    def rest(self) -> Iterator[tuple[Group, Receipt]]:
        """Wait for all that are under way."""
        while self._sent:
            yield self._next()

    def _next(self) -> tuple[Group, Receipt]:
        group, answer = self._sent[0]
        receipt = answer.result()
        self._sent.popleft()
        return group, receipt

    def _take(self, group: Group) -> Receipt:
        if not group.ready:
            return Receipt(accepted=0, duplicates=0, rejected=[])
        return self._carry(group)
