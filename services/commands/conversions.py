"""Conversions of a response into sales records, and taking them back (R15 to R18)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.decisions.response import (
    ConversionReversed,
    ResponseConverted,
    ResponseMoved,
)
from schemas.documents import CampaignDocument, Conversion
from schemas.errors import Fault, InvalidInput, MoveRefused
from schemas.facts.sales import LeadNoted, OpportunityNoted
from schemas.fields import Money, Ref
from schemas.ids import named_id, target_id
from schemas.lifecycles import ResponseStatus
from schemas.payload import Payload
from services.commands.commander import Change, Step
from services.commands.responses import GuardedResponse, step_forward

NEW_LEAD = 1
CANCELED_LEAD = 7
TARGET_OF_KIND = {
    "lead": "lead",
    "existing_lead": "lead",
    "opportunity": "opportunity",
    "order": "order",
    "quote": "quote",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a response is to become."""

    kind: str
    target: Ref | None = None
    customer: Ref | None = None
    estimated_value: Money | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def convert(
    document: GuardedResponse, campaign: CampaignDocument | None, wish: Wish, now: int
) -> Change[GuardedResponse]:
    """One conversion with all it makes; the same one again answers the record that stands."""
    document = document.model_copy(update={"customer": wish.customer or document.customer})
    target, ordinal = _target(document, wish)
    if any(_is_to(c, wish.kind, target) for c in document.decisions.conversions):
        return Change(document=document)
    payload = ResponseConverted.model_validate(
        {
            "response_id": document.response_id,
            "target": target,
            "kind": wish.kind,
            "ordinal": ordinal,
            "matched": wish.target is not None,
            "evidence": wish.evidence,
        }
    )
    steps: list[tuple[str, Payload]] = [("response.converted", payload)]
    if document.decisions.status is ResponseStatus.NEW:
        steps.insert(0, ("response.reviewed", ResponseMoved(response_id=document.response_id)))
    changed = step_forward(document, steps, now)
    made = _made(document, campaign, wish, target) if wish.target is None else ()
    return Change(document=changed.document, steps=(*changed.steps, *made))


def reverse(
    document: GuardedResponse, target: Ref, reason: str, now: int
) -> Change[GuardedResponse]:
    """A conversion taken back; a lead or opportunity that it made is given up, not deleted."""
    standing = [c for c in document.decisions.conversions if _same(c.target, target)]
    if not standing:
        raise MoveRefused("The response was not converted to this record.")
    if all(c.reversed for c in standing):
        return Change(document=document)
    payload = ConversionReversed(response_id=document.response_id, target=target, reason=reason)
    changed = step_forward(document, [("conversion.reversed", payload)], now)
    made_here = target_id(document.response_id, standing[-1].kind, standing[-1].ordinal)
    given_up = _given_up(document, target) if target.id == made_here else ()
    return Change(document=changed.document, steps=(*changed.steps, *given_up))


def _target(document: GuardedResponse, wish: Wish) -> tuple[Ref, int]:
    """R16: the id follows from the response, the kind, and the reversals before."""
    kind = TARGET_OF_KIND[wish.kind]
    ordinal = sum(c.kind == wish.kind and c.reversed for c in document.decisions.conversions)
    if wish.target is None and wish.kind == "existing_lead":
        raise _missing("/target", "Name the lead that exists already.")
    if wish.target is not None and wish.target.kind != kind:
        raise _missing("/target/kind", f"A conversion of kind {wish.kind} leads to a {kind}.")
    if wish.kind == "opportunity" and document.customer is None:
        raise _missing("/customer", "Name the customer that the opportunity is with.")
    made = target_id(document.response_id, wish.kind, ordinal)
    return wish.target or Ref(kind=kind, id=made), ordinal


def _made(
    document: GuardedResponse, campaign: CampaignDocument | None, wish: Wish, target: Ref
) -> tuple[Step, ...]:
    """The sales record that a conversion makes."""
    if wish.kind == "lead":
        return (
            _beside(document, "lead.created", target, _lead(document, campaign, NEW_LEAD, target)),
        )
    if wish.kind == "opportunity":
        payload = _opportunity(document, target, wish.estimated_value)
        return (_beside(document, "opportunity.created", target, payload),)
    return ()


def _given_up(document: GuardedResponse, target: Ref) -> tuple[Step, ...]:
    if target.kind == "lead":
        lead = _lead(document, None, CANCELED_LEAD, target)
        return (_beside(document, "lead.disqualified", target, lead),)
    if target.kind == "opportunity" and document.customer is not None:
        return (
            _beside(document, "opportunity.lost", target, _opportunity(document, target, None)),
        )
    return ()


def _lead(
    document: GuardedResponse, campaign: CampaignDocument | None, status: int, target: Ref
) -> LeadNoted:
    changes = {}
    if status == NEW_LEAD:
        changes = {"subject": document.subject, "source": _source(document, campaign)}
    return LeadNoted(
        lead_id=target.id,
        status=status,
        response_id=document.response_id,
        campaign_id=document.campaign_id,
        customer=document.customer,
        changes=changes,
    )


def _opportunity(
    document: GuardedResponse, target: Ref, estimated_value: Money | None
) -> OpportunityNoted:
    customer = document.customer
    if customer is None:
        raise _missing("/customer", "Name the customer that the opportunity is with.")
    lead = next((c for c in document.decisions.conversions if _leads(c)), None)
    return OpportunityNoted(
        opportunity_id=target.id,
        customer=customer,
        lead_id=lead.target.id if lead else None,
        campaign_id=document.campaign_id,
        response_id=document.response_id,
        estimated_value=estimated_value,
    )


def _source(document: GuardedResponse, campaign: CampaignDocument | None) -> int:
    """The lead source of Dynamics: 1 advertisement, 8 web, else 10."""
    if campaign is not None and campaign.fields.type == 1:
        return 1
    return 8 if document.channel in ("web_form", "web_click") else 10


def _beside(document: GuardedResponse, event_type: str, target: Ref, payload: Payload) -> Step:
    """An event of the sales record, keyed by the person like the response."""
    return Step(
        event_type=event_type,
        payload=payload,
        key_name=document.key_name,
        campaign_id=document.campaign_id,
        event_id=named_id(event_type, target.id),
    )


def _leads(conversion: Conversion) -> bool:
    return conversion.target.kind == "lead" and not conversion.reversed


def _is_to(conversion: Conversion, kind: str, target: Ref) -> bool:
    return not conversion.reversed and conversion.kind == kind and _same(conversion.target, target)


def _same(one: Ref, other: Ref) -> bool:
    return (one.kind, one.id) == (other.kind, other.id)


def _missing(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, (Fault(pointer, detail),))
