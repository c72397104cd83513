"""The gate: how a decision is accepted, all or nothing, against the state it was made on.

A decision names the streams it writes with the version it expects each at, the values it claims,
and the reply to keep under an idempotency key. All of it and the events are one transaction.
The gate keeps, for every stream, its version and its newest state; it refuses, it never repairs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import UUID

from events.cursor import Cursor
from events.log import Appended, Record
from schemas.envelope import Stream
from schemas.errors import NotFound

REPLY_LIFETIME = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream as its last decision left it; version 0 and empty state before the first."""

    version: int
    state: bytes = b""


@dataclass(frozen=True, slots=True)
class StreamWrite:
    """The step of one stream from the version the decision was made on to the next."""

    stream: Stream
    expected: int
    version: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that at most one owner in a workspace may hold."""

    kind: str
    value: str
    owner: str


@dataclass(frozen=True, slots=True)
class ReplyKey:
    """One idempotent request: whose, under which key, and what it asked."""

    principal: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What the first request under a key was answered."""

    fingerprint: str
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything one command wants to be true at once."""

    workspace: str
    records: tuple[Record, ...]
    writes: tuple[StreamWrite, ...] = ()
    claims: tuple[Claim, ...] = ()
    reply_key: ReplyKey | None = None
    reply: Callable[[Appended], tuple[int, bytes]] | None = None


class Gate(ABC):
    """The port of the gate."""

    @abstractmethod
    def state_of(self, workspace: str, stream: Stream) -> StreamState:
        """A stream's version and newest state; readable at once after ``decide`` has answered."""

    @abstractmethod
    def states(self, workspace: str, kind: str) -> list[tuple[str, StreamState]]:
        """All streams of a kind with their ids, in the order of the ids."""

    @abstractmethod
    def reply_of(self, workspace: str, principal: str, key: str, now: int) -> StoredReply | None:
        """The reply kept under an idempotency key, while it lives."""

    @abstractmethod
    def decide(self, decision: Decision) -> Future[Appended]:
        """Accept a decision durably.

        The future raises ``VersionConflict`` if a stream has moved, ``NotUnique`` if a value is
        taken, ``KeyReused`` if the idempotency key has been used, ``LogUnavailable``.
        """

    def mark(self) -> int:
        """A mark behind everything that was accepted by now."""
        return 0

    def has_logged(self, mark: int) -> bool:
        """Whether everything accepted before a mark has its place in the log."""
        return True

    def cursor_of(self, pending: UUID) -> Cursor | None:
        """The cursor behind a pending answer's events; ``None`` while any of them waits.

        Raises ``NotFound`` for an id under which nothing waits or was relayed within seven days.
        """
        raise NotFound(f"Nothing waits under the id {pending} here.")
