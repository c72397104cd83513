"""From a sender's event to a draft of ours: which type it is, whose it is, what it is called."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from events.compose import Draft
from schemas.catalogue import Catalogue, EventType, Topic, load_all
from schemas.errors import Fault, InvalidInput, NotAFact, TooLarge
from schemas.ids import event_id
from schemas.instants import Instant
from schemas.payload import Payload
from services.access import Principal
from services.collector.cloudevent import CloudEvent, read_event
from services.collector.faults import faults_of
from services.collector.keywords import consent_beside, with_keyword
from services.collector.privacy import Privacy
from services.reference import Reference

TRACKED = "event.tracked"
_VERSIONED = re.compile(r"(.+)\.v[0-9]{1,6}", re.ASCII)


class Intake:
    """Makes drafts of what doors for facts are sent. It looks nothing up that decides id or key."""

    def __init__(self, reference: Reference, privacy: Privacy, max_event_bytes: int) -> None:
        self._reference = reference
        self._privacy = privacy
        self._limit = max_event_bytes
        self._known: Catalogue = load_all()

    def take(self, principal: Principal, item: Any, now: Instant) -> tuple[Draft, ...]:
        """The drafts of one event: its own, and what follows from it at once.

        Raises ``InvalidInput``, ``NotAFact`` or ``TooLarge``.
        """
        self._measure(item)
        told = read_event(item)
        kind = self._kind(told.type)
        if kind is not None and Topic.FACTS not in kind.origins:
            raise NotAFact(f"{kind.name} is not observed but decided or concluded by Answerback.")
        data, recipient = _recipient_of(told.data)
        if kind is None:
            kind, data = self._known.newest(TRACKED), {"name": told.type, "properties": data}
        payload = self._payload(principal.workspace, kind, data)
        draft = _draft(principal, told, kind, payload, recipient=recipient, now=now)
        beside = consent_beside(draft)
        return (draft,) if beside is None else (draft, beside)

    def _measure(self, item: Any) -> None:
        size = len(orjson.dumps(item))
        if size > self._limit:
            raise TooLarge(f"The event has {size} bytes; at most {self._limit} are taken.")

    def _kind(self, name: str) -> EventType | None:
        """The catalogue's type; ``None`` for a name of the sender's own."""
        name = name.removeprefix("answerback.")
        if name in self._known:
            return self._known.newest(name)
        versioned = _VERSIONED.fullmatch(name)
        if versioned is None or versioned[1] not in self._known:
            return None
        if self._known.newest(versioned[1]).wire != name:
            fault = Fault("/type", f"Send {self._known.newest(versioned[1]).wire}.")
            raise InvalidInput("The type is known, this version of it is not.", (fault,))
        return self._known.newest(versioned[1])

    def _payload(self, workspace: str, kind: EventType, data: dict[str, Any]) -> Payload:
        if kind.name == "sms.received":
            data = with_keyword(data, self._reference.entries(workspace, "keyword"))
        if isinstance(data.get("hit"), dict):
            data = {**data, "hit": self._privacy.cleaned(data["hit"])}
        try:
            # Not model_validate, for the reason that read_event has.
            payload: Payload = kind.model.__pydantic_validator__.validate_python(data)
            return payload
        except ValidationError as error:
            faults = faults_of(error, data, "/data")
            raise InvalidInput(f"The data are not those of {kind.name}.", faults) from None


def _recipient_of(data: dict[str, Any]) -> tuple[dict[str, Any], UUID | None]:
    """Data without our sender's metadata, which name recipient and message (interfaces, 3.3)."""
    if "ab_message" not in data and "ab_recipient" not in data:
        return data, None
    message, recipient = _uuid(data, "ab_message"), _uuid(data, "ab_recipient")
    rest = {k: v for k, v in data.items() if k not in ("ab_recipient", "ab_message")}
    if message is not None:
        rest.setdefault("message_id", data["ab_message"])
    return rest, recipient


def _uuid(data: dict[str, Any], name: str) -> UUID | None:
    value = data.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        fault = Fault(f"/data/{name}", "Send the UUID exactly as the metadata gave it.")
        raise InvalidInput("The metadata of the message are damaged.", (fault,)) from None


def _draft(
    principal: Principal,
    told: CloudEvent,
    kind: EventType,
    payload: Payload,
    *,
    recipient: UUID | None,
    now: Instant,
) -> Draft:
    time, source_time = told.told_time()
    return Draft(
        kind=kind,
        topic=Topic.FACTS,
        workspace=principal.workspace,
        producer=principal.producer,
        event_id=event_id(principal.workspace, principal.producer, told.id),
        payload=payload,
        received_at=now,
        time=time,
        precision=told.precision,
        source_time=source_time,
        recipient=recipient,
        subject=told.about,
        visitor_id=told.visitorid,
        external_id=told.id,
        source_seq=told.sourceseq,
        causation_id=told.causationid,
        correlation_id=told.correlationid,
        traceparent=told.traceparent,
        batch_id=told.batchid,
        campaign_id=told.campaignid,
        test=told.test,
    )
