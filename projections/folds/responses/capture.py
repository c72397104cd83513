"""The captured part of a response: from the interaction a rule took, or from what a person said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from projections.folds.contacts import ContactDoc
from projections.folds.fold import Context, Known
from projections.folds.responses.document import ResponseDoc
from projections.folds.responses.promotion import Candidate
from schemas.decisions.response import ResponseCaptured
from schemas.fields import Hit, StoredAddress
from schemas.instants import Precision, from_datetime

_CONTACT_FIELDS = ("first_name", "last_name", "company_name", "email", "telephone", "fax")


def captured_by_rule(entity: str, candidate: Candidate, context: Context) -> ResponseDoc:
    """The response of a candidate."""
    event, rule = candidate.source.event, candidate.rule
    payload: Any = candidate.source.payload
    cluster = context.cluster_of(entity, event.occurred_at)
    return ResponseDoc(
        response_id=candidate.response_id,
        entity=entity,
        campaign_id=candidate.place.campaign_id or UUID(int=0),
        activity_id=candidate.place.activity_id,
        message_id=str(getattr(payload, "message_id", None) or ""),
        subject=rule.rule.subject,
        cluster=cluster,
        type=rule.rule.response_type,
        channel=rule.rule.channel,
        source="rule",
        source_event_ids=(event.event_id,),
        rule_id=rule.rule_id,
        rule_version=rule.version,
        visitor_id=getattr(payload, "visitor_id", None),
        code=rule.rule.code or "",
        country=_country(payload, cluster, context),
        occurred_at=candidate.occurred_at,
        precision=event.precision.value,
        recorded_at=event.recorded_at,
        test=event.test,
    )


def captured_by_hand(entity: str, known: Known, context: Context, *, adopted: bool) -> ResponseDoc:
    """The response of a ``response.captured`` that stands by itself."""
    event = known.event
    payload = known.payload
    if not isinstance(payload, ResponseCaptured):
        raise TypeError("Only response.captured makes a response by itself.")
    occurred = from_datetime(payload.received_at) if payload.received_at else event.occurred_at
    cluster = context.cluster_of(entity, occurred)
    plain = orjson.loads(event.data)
    return ResponseDoc(
        response_id=payload.response_id,
        entity=entity,
        campaign_id=payload.campaign_id,
        activity_id=str(payload.activity_id or ""),
        subject=payload.subject,
        cluster=cluster,
        type=payload.type,
        channel=payload.channel,
        source=payload.source,
        source_event_ids=payload.source_event_ids,
        rule_id=payload.rule_id,
        rule_version=payload.rule_version,
        visitor_id=payload.visitor_id,
        contact={name: plain[name] for name in _CONTACT_FIELDS if name in plain},
        description=plain.get("description"),
        batch_id=event.batch_id,
        import_no=payload.import_no,
        code=payload.code or "",
        classified_by=payload.classified_by or "",
        status=payload.status or "new",
        reviewed_at=occurred if payload.status == "reviewed" else 0,
        canceled_at=occurred if payload.status == "canceled" else 0,
        country=payload.country or _country(payload, cluster, context),
        occurred_at=occurred,
        precision=(payload.precision or event.precision or Precision.MILLISECOND).value,
        recorded_at=event.recorded_at,
        version=event.version or 0,
        test=event.test,
        adopted=adopted,
    )


def _country(payload: Any, cluster: str, context: Context) -> str:
    """R34: the customer's address, else the form's, the telephone's, the request's."""
    raw = context.document("contact", cluster)
    if raw is not None:
        known = ContactDoc.model_validate_json(raw).fields.country
        if known:
            return known
    told = getattr(payload, "country", None)
    if told:
        return str(told)
    for name in ("caller", "sender", "telephone", "address"):
        address = getattr(payload, name, None)
        if isinstance(address, StoredAddress) and address.country:
            return address.country
    hit = getattr(payload, "hit", None)
    return hit.country if isinstance(hit, Hit) else ""
