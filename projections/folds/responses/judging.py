"""What people decided about a response, laid over what was captured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from projections.folds.fold import Known
from projections.folds.responses.decisions import evolve
from projections.folds.responses.document import ResponseDoc
from schemas.documents import Conversion, ResponseDecisions
from schemas.instants import from_datetime
from schemas.lifecycles import ResponseStatus

_LEADS = ("lead", "existing_lead")
_OTHERS = ("order", "quote")


def decided(doc: ResponseDoc, decisions: Sequence[Known]) -> ResponseDoc:
    """The response after its decisions, in the order of their stream."""
    if not decisions:
        return doc
    state = ResponseDecisions(
        response_id=doc.response_id,
        status=ResponseStatus(doc.status),
        code=doc.code or None,
        classified_by=doc.classified_by or None,
        reviewed=doc.reviewed_at > 0,
    )
    times = {"reviewed": doc.reviewed_at, "canceled": doc.canceled_at}
    for known in decisions:
        before = state
        event = known.event
        state = evolve(state, event.type, known.payload, event.occurred_at)
        times |= _turns(before, state, event.occurred_at)
    unreversed = [c for c in state.conversions if not c.reversed]
    return doc.model_copy(
        update={
            **_corrected(doc, state),
            "status": state.status.value,
            "version": decisions[-1].event.version or 0,
            "code": state.code or "",
            "classified_by": state.classified_by or "",
            "owner_id": state.owner_id,
            "routed_to": state.routed_to or "",
            "duplicate_of": state.duplicate_of,
            "conversions": state.conversions,
            "followup_at": from_datetime(state.followup_at) if state.followup_at else 0,
            "classified_at": times.get("classified", 0),
            "reviewed_at": times.get("reviewed", 0),
            "canceled_at": times.get("canceled", 0) if state.status == "canceled" else 0,
            "routed_at": times.get("routed", 0),
            "lead_at": _first(times, unreversed, _LEADS),
            "opportunity_at": _first(times, unreversed, ("opportunity",)),
            "other_at": _first(times, unreversed, _OTHERS),
        }
    )


def _turns(before: ResponseDecisions, after: ResponseDecisions, at: int) -> dict[str, int]:
    """What became true in a step, with its time."""
    turned: dict[str, int] = {}
    if after.reviewed and not before.reviewed:
        turned["reviewed"] = at
    if after.status == "canceled" and before.status != "canceled":
        turned["canceled"] = at
    if after.routed_to and not before.routed_to:
        turned["routed"] = at
    if after.code != before.code:
        turned["classified"] = at
    for conversion in after.conversions[len(before.conversions) :]:
        turned[str(conversion.target)] = at
    return turned


def _first(times: dict[str, int], made: Sequence[Conversion], kinds: tuple[str, ...]) -> int:
    return min((times.get(str(c.target), 0) for c in made if c.kind in kinds), default=0)


def _corrected(doc: ResponseDoc, state: ResponseDecisions) -> dict[str, Any]:
    return {n: v for n, v in state.corrections.items() if n in type(doc).model_fields}
