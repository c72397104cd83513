"""The derived events of a change: what others may follow (captured, retracted, restated)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from events.compose import Draft
from projections.folds.fold import Context, Known
from projections.folds.responses.document import ResponseDoc
from schemas.catalogue import Topic, load_all
from schemas.decisions.response import ResponseCaptured
from schemas.derived.response import ResponseRestated, ResponseRetracted
from schemas.envelope import Derivation
from schemas.fields import Ref
from schemas.ids import named_id
from schemas.instants import Instant, Precision
from schemas.payload import Payload

PROCESSOR = "responses"
_STATED = ("campaign_id", "activity_id", "type", "channel", "cluster", "occurred_at", "country")


def conclusions(
    old: Sequence[ResponseDoc], new: Sequence[ResponseDoc], cause: Known | None, context: Context
) -> list[Draft]:
    """One event for every response that came, went or was restated."""
    before = {doc.response_id: doc for doc in old}
    after = {doc.response_id: doc for doc in new}
    drafts: list[Draft] = []
    for identity, doc in after.items():
        if doc.source != "rule":
            continue
        known = before.get(identity)
        if known is None:
            drafts.append(_captured(doc, cause, context))
        elif changes := _changes(known, doc):
            payload = ResponseRestated(
                response_id=identity, cause_event_id=_cause(cause, doc), reason="identity",
                changes=changes,
            )  # fmt: skip
            drafts.append(_draft("response.restated", doc, payload, cause, context))
    for identity in before.keys() - after.keys():
        doc = before[identity]
        retracted = ResponseRetracted(
            response_id=identity,
            cause_event_id=_cause(cause, doc),
            reason="rejudged" if _still_counts(doc, context) else "undone",
        )
        drafts.append(_draft("response.retracted", doc, retracted, cause, context))
    return drafts


def _captured(doc: ResponseDoc, cause: Known | None, context: Context) -> Draft:
    payload = ResponseCaptured(
        response_id=doc.response_id,
        campaign_id=doc.campaign_id,
        subject=doc.subject,
        type=doc.type,
        channel=doc.channel,
        source="rule",
        source_event_ids=doc.source_event_ids,
        activity_id=UUID(doc.activity_id) if doc.activity_id else None,
        customer=Ref(kind="contact", id=doc.customer) if doc.customer else None,
        visitor_id=doc.visitor_id,
        code=doc.code or None,
        country=doc.country or None,
        rule_id=doc.rule_id,
        rule_version=doc.rule_version,
    )
    return _draft("response.captured", doc, payload, cause, context)


def _changes(before: ResponseDoc, after: ResponseDoc) -> dict[str, Any]:
    return {
        name: {"old": str(getattr(before, name)), "new": str(getattr(after, name))}
        for name in _STATED
        if getattr(before, name) != getattr(after, name)
    }


def _still_counts(doc: ResponseDoc, context: Context) -> bool:
    """Whether what the response came of counts: it does, unless its batch was undone."""
    if not context.undone:
        return True
    counting = {
        known.event.event_id for known in context.facts_of([doc.entity]).get(doc.entity, ())
    }
    return counting.issuperset(doc.source_event_ids)


def _cause(cause: Known | None, doc: ResponseDoc) -> UUID:
    """What gave rise to it; where only time passed, the response's own source."""
    if cause is not None:
        return cause.event.event_id
    return doc.source_event_ids[0] if doc.source_event_ids else doc.response_id


def _draft(
    kind: str, doc: ResponseDoc, payload: Payload, cause: Known | None, context: Context
) -> Draft:
    about = _cause(cause, doc)
    return Draft(
        kind=load_all().newest(kind),
        topic=Topic.DERIVED,
        workspace=context.workspace,
        producer=PROCESSOR,
        # The moment belongs to the id: one cause may capture a response twice, with a retraction
        # between.
        event_id=named_id(context.workspace, kind, doc.response_id, about, context.logical_time),
        payload=payload,
        received_at=Instant(context.logical_time),
        time=Instant(doc.occurred_at),
        precision=Precision(doc.precision),
        key_name=doc.entity,
        causation_id=about,
        derived=Derivation(PROCESSOR, doc.rule_version or 0, context.generation),
        test=doc.test,
    )
