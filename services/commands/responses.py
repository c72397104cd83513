"""Responses: entered by hand, and every step a person takes on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.folds.responses.decisions import evolve, status_after
from schemas.decisions.response import (
    FollowupRecorded,
    ResponseAssigned,
    ResponseCaptured,
    ResponseClassified,
    ResponseCorrected,
    ResponseCorrections,
    ResponseMoved,
    ResponseRouted,
)
from schemas.documents import ResponseDecisions
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, MoveRefused
from schemas.facts.consent import ConsentEntry
from schemas.fields import Model, Ref
from schemas.ids import named_id
from schemas.instants import DAY, EARLIEST, Instant, Precision, from_datetime
from schemas.lifecycles import ResponseStatus
from schemas.payload import Payload
from schemas.views import ResponseView
from services.commands.commander import Change, Step

CUSTOMERS = ("account", "contact", "lead")
PERSONAL = ("first_name", "last_name", "company_name", "email", "telephone", "fax")
CHANNEL_OF_TYPE = {
    "form": "web_form",
    "reply": "email",
    "click": "email",
    "call": "phone",
    "sms": "sms",
    "attendance": "event",
    "registration": "event",
    "share": "social",
    "visit": "web_click",
    "redemption": "promo_code",
    "letter": "letter",
    "fax": "fax",
    "appointment": "appointment",
    "chat": "chat",
    "other": "others",
}
MOVES = {
    "review": "response.reviewed",
    "close": "response.closed",
    "cancel": "response.canceled",
    "reopen": "response.reopened",
}


class GuardedResponse(Model):
    """What the gate keeps of a response: nothing personal, and what its next event needs."""

    response_id: UUID
    campaign_id: UUID
    key_name: str
    subject: str = ""
    channel: str = ""
    customer: Ref | None = None
    withdrawals: int = 0
    decisions: ResponseDecisions


def stream_of(response_id: UUID) -> Stream:
    """The stream of a response's decisions."""
    return Stream("response", str(response_id))


def guarded(view: ResponseView, key_name: str, customer: Ref | None) -> GuardedResponse:
    """A response nobody has decided on yet, as the read models have it."""
    return GuardedResponse(
        response_id=view.response_id,
        campaign_id=view.campaign_id,
        key_name=key_name,
        subject=view.subject,
        channel=view.channel,
        customer=customer,
        decisions=ResponseDecisions(
            response_id=view.response_id,
            status=ResponseStatus(view.status),
            code=view.code or None,
            classified_by=view.classified_by,
            reviewed=view.reviewed,
        ),
    )


def capture(
    payload: ResponseCaptured, key_name: str, address: str | None, now: int
) -> Change[GuardedResponse]:
    """A response told by a person or another system."""
    _checked_person(payload)
    _checked_time(payload, now)
    document = GuardedResponse(
        response_id=payload.response_id,
        campaign_id=payload.campaign_id,
        key_name=key_name,
        subject=payload.subject,
        channel=payload.channel,
        customer=payload.customer,
        decisions=ResponseDecisions(
            response_id=payload.response_id, code=payload.code, decided=True
        ),
    )
    captured = Step(
        event_type="response.captured",
        payload=payload,
        key_name=key_name,
        campaign_id=payload.campaign_id,
        subject=Stream(payload.customer.kind, str(payload.customer.id))
        if payload.customer
        else None,
        time=from_datetime(payload.received_at) if payload.received_at else None,
        precision=payload.precision or Precision.MILLISECOND,
    )
    return _with_consent(Change(document=document, steps=(captured,)), address)


def key_of(payload: ResponseCaptured, address_hash: str | None, event_id: UUID) -> str:
    """What a captured response is keyed by: record, address, visitor, else the event itself."""
    if payload.customer is not None:
        return str(payload.customer.id)
    return address_hash or str(payload.visitor_id or event_id)


def step_forward(
    document: GuardedResponse, steps: Sequence[tuple[str, Payload]], now: int
) -> Change[GuardedResponse]:
    """Some steps on a response, one after the other. Raises ``MoveRefused``."""
    decisions = document.decisions
    for event_type, payload in steps:
        if status_after(decisions, event_type, payload) is None:
            raise _refused(decisions, event_type)
        decisions = evolve(decisions, event_type, payload, now)
    # The gate's rows hold nothing personal: the text stays sealed in its event.
    corrections = {k: v for k, v in decisions.corrections.items() if k != "description"}
    decisions = decisions.model_copy(update={"corrections": corrections})
    after = document.model_copy(update={"decisions": decisions})
    return Change(
        document=after,
        steps=tuple(step_of(document, event_type, payload) for event_type, payload in steps),
    )


def step_of(document: GuardedResponse, event_type: str, payload: Payload) -> Step:
    """An event in a response's stream, under the key fixed at its capture."""
    return Step(
        event_type=event_type,
        payload=payload,
        key_name=document.key_name,
        campaign_id=document.campaign_id,
    )


def move(
    document: GuardedResponse,
    event_type: str,
    reason: str,
    duplicate_of: UUID | None,
    now: int,
) -> Change[GuardedResponse]:
    """Reviewed, closed, canceled or reopened."""
    if duplicate_of == document.response_id:
        detail = "A response is not a duplicate of itself."
        raise InvalidInput(detail, (Fault("/duplicate_of", detail),))
    payload = ResponseMoved(
        response_id=document.response_id, reason=reason, duplicate_of=duplicate_of
    )
    return step_forward(document, [(event_type, payload)], now)


def classify(
    document: GuardedResponse, code: str, by: str, address: str | None, now: int
) -> Change[GuardedResponse]:
    """What the person meant; ``do_not_send`` also withdraws consent, in the same decision."""
    decisions = document.decisions
    if (decisions.code, decisions.classified_by) == (code, by):
        return Change(document=document)
    payload = ResponseClassified.model_validate(
        {"response_id": document.response_id, "code": code, "classified_by": by}
    )
    changed = step_forward(document, [("response.classified", payload)], now)
    return changed if decisions.code == code else _with_consent(changed, address)


def assign(document: GuardedResponse, owner_id: UUID, now: int) -> Change[GuardedResponse]:
    """M37: one owner; giving it to the same one again has no second effect."""
    if document.decisions.owner_id == owner_id:
        return Change(document=document)
    payload = ResponseAssigned(response_id=document.response_id, owner_id=owner_id)
    return step_forward(document, [("response.assigned", payload)], now)


def route(
    document: GuardedResponse, target: str, owner_id: UUID | None, now: int
) -> Change[GuardedResponse]:
    """R20: handed over to a department; twice to the same one is one effect."""
    decisions = document.decisions
    if decisions.routed_to == target and owner_id in (None, decisions.owner_id):
        return Change(document=document)
    payload = ResponseRouted(response_id=document.response_id, target=target, owner_id=owner_id)
    return step_forward(document, [("response.routed", payload)], now)


def correct(
    document: GuardedResponse, changes: ResponseCorrections, now: int
) -> Change[GuardedResponse]:
    """Some fields set anew, in whatever status."""
    if not changes.model_dump(exclude_none=True):
        raise InvalidInput("Name at least one field to correct.", (Fault("", "It is empty."),))
    payload = ResponseCorrected(response_id=document.response_id, changes=changes)
    return step_forward(document, [("response.corrected", payload)], now)


def follow_up(document: GuardedResponse, medium: str, at: Any, now: int) -> Change[GuardedResponse]:
    """Someone got back to the person."""
    payload = FollowupRecorded.model_validate(
        {"response_id": document.response_id, "medium": medium, "at": at}
    )
    if payload.at is not None:
        _checked_moment(from_datetime(payload.at), now + 1, "/at")
    return step_forward(document, [("followup.recorded", payload)], now)


def _with_consent(change: Change[GuardedResponse], address: str | None) -> Change[GuardedResponse]:
    """R11: who asks not to be written to is taken off every channel of marketing."""
    document = change.document
    if document.decisions.code != "do_not_send":
        return change
    payload = ConsentEntry(
        channel="all",
        purpose="marketing",
        # Without an address the entry still has a person: the key names them.
        address=address or document.key_name,
        source="response",
        evidence={"response_id": str(document.response_id)},
    )
    withdrawn = Step(
        event_type="consent.withdrawn",
        payload=payload,
        key_name=document.key_name,
        campaign_id=document.campaign_id,
        event_id=named_id("consent.withdrawn", document.response_id, document.withdrawals),
    )
    counted = document.model_copy(update={"withdrawals": document.withdrawals + 1})
    return Change(document=counted, steps=(*change.steps, withdrawn))


def _checked_person(payload: ResponseCaptured) -> None:
    if payload.customer is not None and payload.customer.kind not in CUSTOMERS:
        detail = f"A customer is one of {', '.join(CUSTOMERS)}."
        raise InvalidInput(detail, (Fault("/customer/kind", detail),))
    said = [payload.customer, payload.visitor_id]
    said += [getattr(payload, name) for name in PERSONAL]
    if not any(value for value in said):
        detail = f"Say who responded: customer, visitor_id, or one of {', '.join(PERSONAL)}."
        raise InvalidInput(detail, (Fault("/customer", detail),))


def _checked_time(payload: ResponseCaptured, now: int) -> None:
    if payload.received_at is not None:
        # A day is the day of the person's own clock, which may be ahead of ours.
        ahead = DAY if payload.precision is Precision.DAY else 5 * 60_000
        _checked_moment(from_datetime(payload.received_at), now + ahead, "/received_at")


def _checked_moment(moment: Instant, latest: int, pointer: str) -> None:
    if not EARLIEST <= moment <= latest:
        detail = "The time must lie between the year 2000 and now."
        raise InvalidInput(detail, (Fault(pointer, detail),))


def _refused(decisions: ResponseDecisions, event_type: str) -> MoveRefused:
    word = event_type.partition(".")[2]
    return MoveRefused(f"A response that is {decisions.status.value} cannot be {word}.")
