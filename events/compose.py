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

from events.codec import digest_of, head_of
from events.keys import key_of
from events.log import Record
from events.sealing import Sealer, needs_key
from events.vault import SubjectKey
from schemas.catalogue import EventType, KeyRule
from schemas.clock import Clock
from schemas.envelope import Attributes, Envelope
from schemas.instants import EFFECTIVE_DELAY, Instant
from schemas.payload import Payload


@dataclass(slots=True, kw_only=True)
class Draft(Attributes):
    """An event before it has its stored form: validated, named, and not yet sealed.

    ``recipient`` is the record that a token or the sender's metadata names; ``key_name`` overrides
    every other way to the key (for decisions on something whose key was fixed before).
    """

    kind: EventType
    payload: Payload
    recipient: UUID | None = None
    key_name: str | None = None


class Composer:
    """Makes envelopes; one visit to the vault for a whole batch."""

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    def compose(self, drafts: Sequence[Draft]) -> list[Envelope]:
        """The envelopes of drafts. Raises ``InvalidInput``."""
        return [self._envelope(*one) for one in self._sealed(drafts)]

    def records(self, drafts: Sequence[Draft]) -> list[Record]:
        """What ``encode`` makes of the envelopes, without making them: for the doors, which have
        thousands of drafts a second. Raises ``InvalidInput``."""
        return [
            Record(
                draft.topic,
                key_of(draft.workspace, name),
                draft.event_id,
                draft.kind.wire,
                head_of(draft, self._effective_at(draft)),
                orjson.dumps(stored),
                digest_of(draft.kind.name, stored),
            )
            for draft, name, stored in self._sealed(drafts)
        ]

    def _sealed(self, drafts: Sequence[Draft]) -> list[tuple[Draft, str, dict[str, Any]]]:
        """Drafts, what they are keyed by, and the stored forms of their data."""
        doors = [_door(draft.payload) for draft in drafts]
        names = [self._key_name(draft) for draft in drafts]
        wanted: dict[str, list[str]] = {}
        for draft, door, name in zip(drafts, doors, names, strict=True):
            if draft.kind.sealed and needs_key(draft.kind, door):
                wanted.setdefault(draft.workspace, []).append(name)
        keys = {w: self._sealer.prepare(w, subjects) for w, subjects in wanted.items()}
        none: dict[str, SubjectKey] = {}
        seal = self._sealer.seal
        return [
            (
                draft,
                name,
                seal(
                    draft.workspace, draft.kind, draft.event_id, door,
                    keys.get(draft.workspace, none).get(name),
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

    def _effective_at(self, draft: Draft) -> Instant | None:
        return Instant(self._clock() + EFFECTIVE_DELAY) if draft.kind.reference else None

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
            effective_at=self._effective_at(d),
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
    # What model_dump does, without looking at the options that it is not given.
    door: dict[str, Any] = payload.__pydantic_serializer__.to_python(
        payload, mode="json", by_alias=True, exclude_none=True
    )
    return door
