"""What every event carries, before and after the log has taken it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Self
from uuid import UUID

from schemas.catalogue import Topic
from schemas.instants import Instant, Precision


class Position(NamedTuple):
    """One place in the log."""

    topic: Topic
    partition: int
    offset: int


class Stream(NamedTuple):
    """The aggregate a decision belongs to."""

    kind: str
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``kind:id``."""
        kind, _, name = text.partition(":")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


class Derivation(NamedTuple):
    """What concluded a derived event."""

    processor: str
    version: int
    generation: int


@dataclass(slots=True, kw_only=True)  # not frozen: with so many fields, freezing doubles the cost
class Attributes:
    """What an event says of itself, whatever form its content has.

    Nobody changes one; ``dataclasses.replace`` makes another. ``time`` is the source's corrected
    clock, ``received_at`` the edge's.
    """

    event_id: UUID
    topic: Topic
    workspace: str
    producer: str
    received_at: Instant
    time: Instant | None = None
    precision: Precision = Precision.MILLISECOND
    source_time: str | None = None
    stream: Stream | None = None
    version: int | None = None
    external_id: str | None = None
    source_seq: int | None = None
    actor: str | None = None
    causation_id: UUID | None = None
    correlation_id: UUID | None = None
    traceparent: str | None = None
    batch_id: UUID | None = None
    subject: Stream | None = None
    visitor_id: UUID | None = None
    campaign_id: UUID | None = None
    derived: Derivation | None = None
    flags: tuple[str, ...] = ()
    test: bool = False


@dataclass(slots=True, kw_only=True)
class Envelope(Attributes):
    """An event as the edge or the gate hands it to the log, before it has its place and time there.

    ``data`` are the exact stored bytes. ``key`` is the workspace, a colon, and what the event is
    keyed by.
    """

    type: str
    schema_version: int
    key: str
    data: bytes
    effective_at: Instant | None = None

    @property
    def subject_id(self) -> str:
        """The key without its workspace: the person as this very event addressed them."""
        return self.key[len(self.workspace) + 1 :]


@dataclass(slots=True, kw_only=True)
class Event(Envelope):
    """An envelope with what only the log knows, and the time that follows from it (R3).

    ``head`` is the stored form of its attributes, where it was read from one: whoever stores it
    again need not spell it again. An event that ``dataclasses.replace`` made has none.
    """

    position: Position
    recorded_at: Instant
    occurred_at: Instant = field(default=Instant(0))
    head: bytes = field(default=b"", init=False, compare=False, repr=False)
