"""From a validated payload to an envelope: id, key, stored form.

The key and the id are functions of the request alone, so the same request always has the same
place and the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from events.keys import key_of
from events.sealing import Sealer, needs_key
from schemas.catalogue import EventType, KeyRule, Topic
from schemas.clock import Clock
from schemas.envelope import Derivation, Envelope, Stream
from schemas.instants import EFFECTIVE_DELAY, Instant, Precision
from schemas.payload import Payload


@dataclass(slots=True, kw_only=True)  # not frozen, like Envelope, and changed by nobody either
class Draft:
    """An event before it has its stored form: validated, named, and not yet sealed.

    ``recipient`` is the record that a token or the sender's metadata names; ``key_name`` overrides
    every other way to the key (for decisions on something whose key was fixed before).
    """

    kind: EventType
    topic: Topic
    workspace: str
    producer: str
    event_id: UUID
    payload: Payload
    received_at: Instant
    time: Instant | None = None
    precision: Precision = Precision.MILLISECOND
    source_time: str | None = None
    recipient: UUID | None = None
    subject: Stream | None = None
    visitor_id: UUID | None = None
    key_name: str | None = None
    stream: Stream | None = None
    version: int | None = None
    external_id: str | None = None
    source_seq: int | None = None
    actor: str | None = None
    causation_id: UUID | None = None
    correlation_id: UUID | None = None
    traceparent: str | None = None
    batch_id: UUID | None = None
    campaign_id: UUID | None = None
    derived: Derivation | None = None
    flags: tuple[str, ...] = ()
    test: bool = False


class Composer:
    """Makes envelopes; one visit to the vault for a whole batch."""

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def compose(self, drafts: Sequence[Draft]) -> list[Envelope]:
        """The envelopes of drafts of one workspace. Raises ``InvalidInput``."""
        doors = [_door(draft.payload) for draft in drafts]
        names = [self._key_name(draft) for draft in drafts]
        wanted: dict[str, list[str]] = {}
        for draft, door, name in zip(drafts, doors, names, strict=True):
            if draft.kind.sealed and needs_key(draft.kind, door):
                wanted.setdefault(draft.workspace, []).append(name)
        keys = {w: self._sealer.prepare(w, subjects) for w, subjects in wanted.items()}
        return [
            self._envelope(
                draft,
                name,
                self._sealer.seal(
                    draft.workspace, draft.kind, draft.event_id, door,
                    keys.get(draft.workspace, {}).get(name),
                ),
            )
            for draft, door, name in zip(drafts, doors, names, strict=True)
        ]  # fmt: skip

    def key(self, draft: Draft) -> str:
        """The key that the draft's event has, or would have."""
        return key_of(draft.workspace, self._key_name(draft))

    def seals(self, draft: Draft) -> bool:
        """Whether its stored form holds a value under the subject's own key."""
        return bool(draft.kind.sealed) and needs_key(draft.kind, _door(draft.payload))

    def _envelope(self, d: Draft, name: str, stored: dict[str, Any]) -> Envelope:
        return Envelope(
            event_id=d.event_id,
            type=d.kind.name,
            schema_version=d.kind.version,
            topic=d.topic,
            workspace=d.workspace,
            key=key_of(d.workspace, name),
            producer=d.producer,
            received_at=d.received_at,
            data=orjson.dumps(stored),
            time=d.time,
            precision=d.precision,
            source_time=d.source_time,
            stream=d.stream,
            version=d.version,
            effective_at=Instant(self._clock() + EFFECTIVE_DELAY) if d.kind.reference else None,
            external_id=d.external_id,
            source_seq=d.source_seq,
            actor=d.actor,
            causation_id=d.causation_id,
            correlation_id=d.correlation_id,
            traceparent=d.traceparent,
            batch_id=d.batch_id,
            subject=d.subject,
            visitor_id=d.visitor_id,
            campaign_id=d.campaign_id,
            derived=d.derived,
            flags=d.flags,
            test=d.test,
        )

    def _key_name(self, d: Draft) -> str:
        if d.key_name is not None:
            return d.key_name
        if d.kind.key is KeyRule.WORKSPACE:
            return ""
        if d.kind.key is not KeyRule.SUBJECT:
            raise ValueError(f"{d.kind.wire} needs its key named.")
        return self._subject_name(d)

    def _subject_name(self, d: Draft) -> str:
        """The first that applies: token's recipient, named record, address, visitor, event."""
        named = d.recipient or d.payload.person_id()
        if named is None and d.subject is not None and d.subject.kind != "visitor":
            return d.subject.id
        if named is not None:
            return str(named)
        address = d.payload.person_address()
        if isinstance(address, str) and address.strip():  # a withheld number names nobody
            return self._sealer.hash_of(d.workspace, address)
        visitor = d.visitor_id or getattr(d.payload, "visitor_id", None)
        if visitor is None and d.subject is not None:
            return d.subject.id
        return str(visitor or d.event_id)


def _door(payload: Payload) -> dict[str, Any]:
    """The door form as JSON data: canonical values, absent fields absent, unknown fields kept."""
    door: dict[str, Any] = payload.model_dump(mode="json", by_alias=True, exclude_none=True)
    return door
