"""The one way from a command to the gate: load, decide, compose, submit, and try again if moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from uuid import UUID

from events.codec import encode, payload_of
from events.compose import Composer, Draft
from events.gate import Claim, Decision, Gate, ReplyKey, StreamWrite
from events.log import Appended, Record
from schemas.catalogue import Topic, load_all
from schemas.clock import Clock
from schemas.envelope import Envelope, Stream
from schemas.errors import InvalidInput, LogUnavailable, Unreadable, VersionConflict
from schemas.fields import Model
from schemas.ids import named_id
from schemas.instants import Instant, Precision
from schemas.payload import Payload

ATTEMPTS = 8

D = TypeVar("D", bound=Model)
W = TypeVar("W", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who commands, and under which conditions."""

    workspace: str
    actor: str
    expected: int | None = None
    reply_key: ReplyKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of a decision. One with an ``event_id`` of its own stands beside all streams, one
    with an ``elsewhere`` is that version of another stream.
    """

    event_type: str
    payload: Payload
    key_name: str | None = None
    event_id: UUID | None = None
    elsewhere: tuple[Stream, int] | None = None
    subject: Stream | None = None
    campaign_id: UUID | None = None
    recipient: UUID | None = None
    batch_id: UUID | None = None
    time: Instant | None = None
    precision: Precision = Precision.MILLISECOND

    @property
    def is_own(self) -> bool:
        """Whether it is the next version of the stream that is decided on."""
        return self.event_id is None and self.elsewhere is None


@dataclass(frozen=True, slots=True)
class Found(Generic[D]):
    """A stream as it stands: version 0 and no document before its first decision."""

    stream: Stream
    version: int
    document: D | None
    state: bytes = b""

    @property
    def unchanged(self) -> StreamWrite:
        """A write that changes nothing, and fails if the stream has moved."""
        return StreamWrite(self.stream, self.version, self.version, self.state)

    def becoming(self, document: Model | None) -> StreamWrite:
        """A write of another document, which no event tells of; fails if the stream has moved."""
        state = b"" if document is None else document.model_dump_json(by_alias=True).encode()
        return StreamWrite(self.stream, self.version, self.version + 1, state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[D]):
    """What was decided: the document afterwards, and the events that lead there.

    ``rests_on`` names other streams that the decision was made on and that must not have moved,
    ``beside`` those whose documents change along with it.
    """

    document: D
    steps: tuple[Step, ...] = ()
    claims: tuple[Claim, ...] = ()
    rests_on: tuple[StreamWrite, ...] = ()
    beside: tuple[StreamWrite, ...] = ()

    def along_with(self, other: Change[W]) -> Change[D]:
        """This decision and another one of other streams, both or neither."""
        return replace(
            self,
            steps=(*self.steps, *other.steps),
            claims=(*self.claims, *other.claims),
            beside=(*self.beside, *other.beside),
        )


def founded(stream: Stream, changes: Sequence[Change[D]]) -> Change[D]:
    """The first decisions of a new stream as one, to be taken along with those of another."""
    steps = [step for change in changes for step in change.steps]
    placed = tuple(replace(step, elsewhere=(stream, n)) for n, step in enumerate(steps, 1))
    document = changes[-1].document
    state = document.model_dump_json(by_alias=True).encode()
    return Change(
        document=document,
        steps=placed,
        claims=tuple(claim for change in changes for claim in change.claims),
        beside=(StreamWrite(stream, 0, len(placed), state),),
    )


@dataclass(frozen=True, slots=True)
class Result(Generic[D]):
    """What came of a command; ``position`` is the opaque cursor that has passed its events."""

    document: D
    version: int
    position: str
    changed: bool = True


Decide = Callable[["D | None"], "Change[D]"]
Render = Callable[["Result[D]"], tuple[int, bytes]]


class Commander:
    """Submits decisions. Calls block for the gate; call them from a thread."""

    def __init__(self, gate: Gate, composer: Composer, clock: Clock, timeout: float) -> None:
        self._gate = gate
        self._composer = composer
        self._clock = clock
        self._timeout = timeout
        self._types = load_all()

    def find(self, workspace: str, stream: Stream, model: type[D]) -> Found[D]:
        """A stream's version and newest document."""
        kept = self._gate.state_of(workspace, stream)
        document = model.model_validate_json(kept.state) if kept.state else None
        return Found(stream, kept.version, document, kept.state)

    def find_all(self, workspace: str, kind: str, model: type[D]) -> list[Found[D]]:
        """All streams of a kind, in the order of their ids."""
        return [
            Found(
                Stream(kind, name), kept.version, model.model_validate_json(kept.state), kept.state
            )
            for name, kept in self._gate.states(workspace, kind)
            if kept.state
        ]

    def run(
        self,
        order: Order,
        stream: Stream,
        model: type[D],
        decide: Decide[D],
        render: Render[D],
    ) -> tuple[int, bytes]:
        """Decide on a stream's document, submit, and render the outcome.

        What is rendered is kept under the order's idempotency key, in the same transaction.
        Raises what ``decide`` and the gate raise.
        """
        for attempt in range(1, ATTEMPTS + 1):
            found = self.find(order.workspace, stream, model)
            if order.expected is not None and order.expected != found.version:
                raise VersionConflict(str(stream), order.expected, found.version)
            change = decide(found.document)
            try:
                return self._submit(order, found, change, render)
            except VersionConflict:
                # With a version named, the next round's check above tells the client.
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("The last attempt returns or raises.")

    def append(
        self, order: Order, steps: tuple[Step, ...], writes: tuple[StreamWrite, ...] = ()
    ) -> Appended:
        """Submit events that belong to no stream; ids that are known already are duplicates.

        With ``writes`` only if none of those streams has moved: else raises ``VersionConflict``.
        """
        records = self._records(order, steps, Stream("", ""), 0)
        return self._decided(Decision(order.workspace, records, writes))

    def _submit(
        self, order: Order, found: Found[D], change: Change[D], render: Render[D]
    ) -> tuple[int, bytes]:
        version = found.version + sum(step.is_own for step in change.steps)

        def reply(appended: Appended) -> tuple[int, bytes]:
            told = Result(change.document, version, appended.position, changed=bool(change.steps))
            return render(told)

        state = change.document.model_dump_json(by_alias=True).encode()
        write = StreamWrite(found.stream, found.version, version, state)
        appended = self._decided(
            Decision(
                order.workspace,
                self._records(order, change.steps, found.stream, found.version),
                writes=(*((write,) if change.steps else ()), *change.rests_on, *change.beside),
                claims=change.claims,
                reply_key=order.reply_key,
                reply=reply,
            )
        )
        return reply(appended)

    def _decided(self, decision: Decision) -> Appended:
        try:
            return self._gate.decide(decision).result(self._timeout)
        except TimeoutError as error:
            raise LogUnavailable("The log did not take the decision in time; ask again.") from error

    def _records(
        self, order: Order, steps: tuple[Step, ...], stream: Stream, version: int
    ) -> tuple[Record, ...]:
        drafts: list[Draft] = []
        for step in steps:
            version += step.is_own
            drafts.append(self._draft(order, step, *(step.elsewhere or (stream, version))))
        return tuple(_record(envelope) for envelope in self._composer.compose(drafts))

    def _draft(self, order: Order, step: Step, stream: Stream, version: int) -> Draft:
        beside = step.event_id is not None
        return Draft(
            kind=self._types.newest(step.event_type),
            topic=Topic.DECISIONS,
            workspace=order.workspace,
            producer=order.actor,
            event_id=step.event_id or named_id(order.workspace, *stream, version),
            payload=step.payload,
            received_at=self._clock(),
            time=step.time,
            precision=step.precision,
            recipient=step.recipient,
            subject=step.subject,
            key_name=step.key_name,
            stream=None if beside else stream,
            version=None if beside else version,
            actor=order.actor,
            campaign_id=step.campaign_id,
            batch_id=step.batch_id,
        )


def _record(envelope: Envelope) -> Record:
    """The record of a decision. Raises ``InvalidInput`` for one that could not be read back.

    Every worker reads decisions whole, so one that none can read would stop them all, for good.
    """
    try:
        payload_of(envelope)
    except Unreadable as error:
        raise InvalidInput(f"The content cannot be stored: {error}") from error
    return encode(envelope)
