"""What people decided about a response, folded step by step, for the gate and the read side."""

from __future__ import annotations

from typing import Any

from schemas.decisions.response import (
    ConversionReversed,
    FollowupRecorded,
    ResponseAssigned,
    ResponseClassified,
    ResponseConverted,
    ResponseCorrected,
    ResponseMoved,
    ResponseRouted,
)
from schemas.documents import Conversion, ResponseDecisions
from schemas.instants import to_datetime
from schemas.lifecycles import ResponseStatus, response_move
from schemas.payload import Payload

Update = dict[str, Any]


def evolve(
    doc: ResponseDecisions, event_type: str, payload: Payload, occurred_at: int
) -> ResponseDecisions:
    """The decisions after one more step; a step that is not allowed changes nothing."""
    status = status_after(doc, event_type, payload)
    if status is None:
        return doc
    update = {
        "status": status,
        "reviewed": doc.reviewed or status is ResponseStatus.REVIEWED,
        "decided": True,
        **_said(doc, payload, occurred_at),
    }
    return doc.model_copy(update=update)


def status_after(
    doc: ResponseDecisions, event_type: str, payload: Payload
) -> ResponseStatus | None:
    """The status after a step; ``None`` where the step is not allowed."""
    if isinstance(payload, ResponseConverted) and payload.kind == "case":
        # A case is service work: it leaves the status as it is, and needs an open response.
        return response_move(doc.status, "response.routed")
    if isinstance(payload, ConversionReversed):
        return _after_reversal(doc, payload)
    return response_move(doc.status, event_type)


def _after_reversal(doc: ResponseDecisions, payload: ConversionReversed) -> ResponseStatus | None:
    """Converted means that a sales record stands: the last one that goes leads back to reviewed."""
    taken_back = _standing(doc, payload)
    if taken_back is None or doc.status is ResponseStatus.CANCELED:
        return None
    others = [c for c in doc.conversions if not c.reversed and c is not taken_back]
    if taken_back.kind == "case" or any(c.kind != "case" for c in others):
        return doc.status
    # A closed response that was opened again is reviewed while its conversions still stand.
    return response_move(doc.status, "conversion.reversed") or doc.status


def _standing(doc: ResponseDecisions, payload: ConversionReversed) -> Conversion | None:
    """The conversion that a reversal takes back: the last one to its target that still stands."""
    target = (payload.target.kind, payload.target.id)
    matching = [
        c for c in doc.conversions if not c.reversed and (c.target.kind, c.target.id) == target
    ]
    return matching[-1] if matching else None


def _said(  # noqa: PLR0911 - one return for each kind of step
    doc: ResponseDecisions, payload: Payload, occurred_at: int
) -> Update:
    """What a step says beside the status."""
    match payload:
        case ResponseMoved():
            return {"duplicate_of": payload.duplicate_of}
        case ResponseAssigned():
            return {"owner_id": payload.owner_id}
        case ResponseClassified():
            return {"code": payload.code, "classified_by": payload.classified_by}
        case ResponseCorrected():
            return {"corrections": {**doc.corrections, **_changes(payload)}}
        case ResponseRouted():
            return {"routed_to": payload.target, "owner_id": payload.owner_id or doc.owner_id}
        case ResponseConverted():
            return {"conversions": (*doc.conversions, _conversion(payload))}
        case ConversionReversed():
            return {"conversions": _without(doc, payload)}
        case FollowupRecorded():
            at = payload.at or to_datetime(occurred_at)
            return {"followup_at": min(at, doc.followup_at or at)}
        case _:
            return {}


def _changes(payload: ResponseCorrected) -> Update:
    changes = payload.changes.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dict(changes)


def _conversion(payload: ResponseConverted) -> Conversion:
    return Conversion(target=payload.target, kind=payload.kind, ordinal=payload.ordinal)


def _without(doc: ResponseDecisions, payload: ConversionReversed) -> tuple[Conversion, ...]:
    taken_back = _standing(doc, payload)
    return tuple(
        c.model_copy(update={"reversed": True}) if c is taken_back else c for c in doc.conversions
    )
