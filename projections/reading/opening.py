"""Documents as readers are answered them: personal values opened, or gone with their key."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from events.sealing import Sealer
from projections.folds.contacts import ContactDoc
from projections.folds.responses.document import ResponseDoc
from schemas.fields import SealedValue, StoredAddress
from schemas.instants import parse_instant, to_datetime
from schemas.views import ContactView, ResponseView


def open_contact(sealer: Sealer, workspace: str, doc: ContactDoc) -> ContactView:
    """A contact in clear."""

    def clear(value: Any) -> Any:
        return _clear(sealer, workspace, value)

    f = doc.fields
    return ContactView(
        contact_id=doc.contact_id,
        first_name=clear(f.first_name),
        last_name=clear(f.last_name),
        email=[text for text in map(clear, f.email or ()) if text],
        telephone=clear(f.telephone),
        mobile=clear(f.mobile),
        city=f.city,
        region=f.region,
        country=f.country,
        account_id=f.account_id,
        attributes=f.attributes or {},
        created_at=to_datetime(doc.created_at),
        changed_at=to_datetime(doc.changed_at),
    )


def open_response(sealer: Sealer, workspace: str, doc: ResponseDoc) -> ResponseView:
    """A response in clear."""
    contact = {n: _clear(sealer, workspace, _value(v)) for n, v in doc.contact.items()}
    if doc.description is not None:
        contact["description"] = _clear(sealer, workspace, _value(doc.description))
    return ResponseView(
        **{name: getattr(doc, name) for name in _SAME},
        activity_id=doc.activity_id or None,
        code=doc.code or None,
        classified_by=doc.classified_by or None,
        source_event_ids=list(doc.source_event_ids),
        customer=f"contact:{doc.customer}" if doc.customer else None,
        contact=contact,
        country=doc.country or None,
        region=doc.region or None,
        close_by=to_datetime(parse_instant(doc.close_by)) if doc.close_by else None,
        routed_to=doc.routed_to or None,
        conversions=[c.model_dump(mode="json") for c in doc.conversions],
        retracted=False,
        reviewed=doc.reviewed_at > 0,
        occurred_at=to_datetime(doc.occurred_at),
        recorded_at=to_datetime(doc.recorded_at),
    )


_SAME = (
    "response_id", "campaign_id", "subject", "type", "channel", "status", "source", "rule_id",
    "rule_version", "visitor_id", "owner_id", "priority", "duplicate_of", "adopted", "test",
    "version", "precision", "batch_id", "import_no",
)  # fmt: skip


def _value(raw: Any) -> Any:
    """A stored value as its model, by its shape."""
    for kind in (SealedValue, StoredAddress):
        try:
            return kind.model_validate(raw)
        except ValidationError:
            continue
    return raw


def _clear(sealer: Sealer, workspace: str, value: Any) -> Any:
    if isinstance(value, StoredAddress):
        return sealer.open(workspace, value.sealed)
    if isinstance(value, SealedValue):
        return sealer.open(workspace, value)
    return value
