"""Leads and opportunities, as far as KPIs count them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from schemas.facts.sales import LeadNoted, OpportunityNoted, OpportunityWon
from schemas.fields import Decimal4, Model, column_amount

_LEAD_STEPS = (
    "lead.created", "lead.changed", "lead.assigned", "lead.contacted", "lead.disqualified",
    "lead.reopened", "lead.qualified",
)  # fmt: skip
_OPPORTUNITY_STEPS = (
    "opportunity.created", "opportunity.changed", "opportunity.lost", "opportunity.reopened",
    "opportunity.won",
)  # fmt: skip
_CLOSING = {"opportunity.won": 1, "opportunity.lost": 2, "opportunity.reopened": 0}


class LeadDoc(Model):
    """A lead: where it came from and how far it is."""

    lead_id: UUID
    campaign_id: str
    response_id: str
    status: int
    created_at: int
    contacted_at: int


class OpportunityDoc(Model):
    """An opportunity: 0 open, 1 won, 2 lost, and what it brought in base currency."""

    opportunity_id: UUID
    campaign_id: str
    response_id: str
    lead_id: str
    state: int
    won_value: Decimal4
    won_at: int


class Leads(Fold):
    """One row per lead: links are the first that were told, the status the last."""

    name: ClassVar[str] = "leads"
    tables: ClassVar[tuple[str, ...]] = ("lead",)
    consumes: ClassVar[frozenset[str]] = frozenset(_LEAD_STEPS)

    def entities(self, known: Known) -> Iterable[str]:
        return (str(known.payload.lead_id),) if isinstance(known.payload, LeadNoted) else ()

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        contacted = [k.event.occurred_at for k in facts if k.event.type == "lead.contacted"]
        doc = LeadDoc(
            lead_id=UUID(entity),
            campaign_id=_first(facts, "campaign_id"),
            response_id=_first(facts, "response_id"),
            status=getattr(facts[-1].payload, "status", 1),
            created_at=facts[0].event.occurred_at,
            contacted_at=min(contacted, default=0),
        )
        return Outcome((Row("lead", entity, doc),))


class Opportunities(Fold):
    """One row per opportunity."""

    name: ClassVar[str] = "opportunities"
    tables: ClassVar[tuple[str, ...]] = ("opportunity",)
    consumes: ClassVar[frozenset[str]] = frozenset(_OPPORTUNITY_STEPS)

    def entities(self, known: Known) -> Iterable[str]:
        payload = known.payload
        return (str(payload.opportunity_id),) if isinstance(payload, OpportunityNoted) else ()

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        steps = [k for k in facts if k.event.type in _CLOSING]
        last = steps[-1] if steps else None
        won = last.payload if last and isinstance(last.payload, OpportunityWon) else None
        doc = OpportunityDoc(
            opportunity_id=UUID(entity),
            campaign_id=_first(facts, "campaign_id"),
            response_id=_first(facts, "response_id"),
            lead_id=_first(facts, "lead_id"),
            state=_CLOSING[last.event.type] if last else 0,
            won_value=column_amount(won.actual_value.in_base) if won else Decimal(0),
            won_at=last.event.occurred_at if last and won else 0,
        )
        return Outcome((Row("opportunity", entity, doc),))


def _first(facts: Sequence[Known], name: str) -> str:
    """The first value told under a name; empty if there is none."""
    values = (getattr(k.payload, name, None) for k in facts)
    return str(next((value for value in values if value), ""))
