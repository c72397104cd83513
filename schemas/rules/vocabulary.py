"""The names that rules may use: fields of records, related records, events and their props."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from schemas.catalogue import EventType, Topic, load_all
from schemas.rules.language import Kind, Relation

Sort = Literal["text", "number", "money", "moment", "flag", "any"]
Record = Literal[
    "account", "contact", "lead", "order", "contract", "opportunity", "case", "response"
]

_PLACE: dict[str, Sort] = {"city": "text", "region": "text", "country": "text"}
FIELDS: Mapping[Record, Mapping[str, Sort]] = {
    "account": {
        **_PLACE, "name": "text", "number": "text", "industry": "number", "employees": "number",
        "annual_revenue": "money", "state": "number", "primary_contact_id": "text",
        "created_at": "moment",
    },
    "contact": {
        **_PLACE, "account_id": "text", "state": "number", "preferred_channel": "number",
        "created_at": "moment",
    },
    "lead": {
        **_PLACE, "subject": "text", "company_name": "text", "status": "number",
        "state": "number", "source": "number", "quality": "number", "campaign_id": "text",
        "response_id": "text", "account_id": "text", "contact_id": "text",
        "opportunity_id": "text", "owner_id": "text", "created_at": "moment",
    },
    "order": {
        "product": "text", "category": "text", "status": "text", "total": "money",
        "placed_at": "moment",
    },
    "contract": {
        "kind": "text", "signed_at": "moment", "valid_to": "moment", "ended_at": "moment",
    },
    "opportunity": {
        "name": "text", "state": "number", "status": "number", "campaign_id": "text",
        "lead_id": "text", "estimated_value": "money", "actual_value": "money",
        "actual_close": "moment",
    },
    "case": {"state": "number", "status": "number", "type": "number", "priority": "number"},
    "response": {
        "campaign_id": "text", "activity_id": "text", "type": "text", "channel": "text",
        "code": "text", "status": "text", "occurred_at": "moment",
    },
}  # fmt: skip
"""What rules read of each kind of record; ``attributes.<name>`` is open where ``ATTRIBUTED``."""

ATTRIBUTED = frozenset(("account", "contact", "lead"))
SEALED: Mapping[str, frozenset[str]] = {
    "contact": frozenset(("first_name", "last_name", "email", "telephone", "mobile", "fax")),
    "lead": frozenset(("first_name", "last_name", "email", "telephone")),
}
RELATED: Mapping[Relation, Record] = {
    "orders": "order", "contracts": "contract", "contacts": "contact", "account": "account",
    "leads": "lead", "opportunities": "opportunity", "cases": "case", "responses": "response",
}  # fmt: skip
RELATIONS: Mapping[Kind, frozenset[Relation]] = {
    "account": frozenset((
        "orders", "contracts", "contacts", "leads", "opportunities", "cases", "responses",
    )),
    "contact": frozenset((
        "orders", "contracts", "account", "leads", "opportunities", "cases", "responses",
    )),
    "lead": frozenset(("orders", "contracts", "account", "opportunities", "cases", "responses")),
}  # fmt: skip


@cache
def event_types() -> Mapping[str, EventType]:
    """The types that ``did`` takes: facts, decisions, and the capture of a response."""
    said = (Topic.FACTS, Topic.DECISIONS)
    return {
        entry.name: load_all().newest(entry.name)
        for entry in load_all()
        if entry.origins & set(said) or entry.name == "response.captured"
    }


@cache
def props_of(event_type: str) -> Mapping[str, bool]:
    """By name, the payload's fields; whether a rule may read them, for sealed ones it may not."""
    entry = event_types()[event_type]
    sealed = {path.path[0] for path in entry.sealed}
    fields = entry.model.model_fields
    return {(field.alias or name): name not in sealed for name, field in fields.items()}
