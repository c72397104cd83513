"""What a record has: orders, contracts, leads, opportunities and responses, each with a history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from projections.folds.fold import Known
from projections.rules.history import History, Related, Said, Tie
from schemas.instants import format_instant

_Values = Callable[[Known, Mapping[str, Any]], Iterator[tuple[str, Any]]]


def orders_and_the_like(facts: Sequence[Known]) -> dict[str, tuple[Related, ...]]:
    """By relation, the records that a person's or a company's events tell of."""
    found: dict[str, dict[str, list[Known]]] = {}
    for known in facts:
        relation = _RELATIONS.get(known.event.type)
        if relation is not None:
            name = orjson.loads(known.event.data).get(_NAMES[relation])
            if name is not None:
                found.setdefault(relation, {}).setdefault(str(name), []).append(known)
    return {
        relation: tuple(_related(relation, name, some) for name, some in sorted(ones.items()))
        for relation, ones in found.items()
    }


def lead_state(status: int) -> int:
    """Whether a lead is open (0), qualified (1) or disqualified (2), as its status says."""
    return {1: 0, 2: 0, 3: 1}.get(status, 2)


def relation_of(known: Known) -> str | None:
    """The relation whose records an event tells of."""
    return _RELATIONS.get(known.event.type)


def _related(relation: str, name: str, facts: Sequence[Known]) -> Related:
    said: dict[str, list[Said]] = {}
    for known in facts:
        for path, value in _VALUES[relation](known, orjson.loads(known.event.data)):
            said.setdefault(path, []).append(Said(known.event.occurred_at, value, known.id))
    first = facts[0]
    begins = Said(first.event.occurred_at, None, first.id)
    history = History(name, {path: tuple(s) for path, s in said.items()}, begins=begins)
    return Related(history, (Tie(begins.at, True, begins.event),))


def _order(known: Known, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    canceled = known.event.type == "order.canceled"
    yield "status", "canceled" if canceled else data.get("status") or "placed"
    yield from _same(data, {"product": "product_id", "category": "category", "total": "total"})
    if not canceled:
        yield "placed_at", format_instant(known.event.occurred_at)


def _contract(known: Known, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _same(data, {"kind": "kind", "signed_at": "signed_at", "valid_to": "valid_to"})
    if known.event.type == "contract.ended":
        yield "ended_at", format_instant(known.event.occurred_at)


def _lead(known: Known, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    del known
    status = data.get("status", 1)
    yield "status", status
    yield "state", lead_state(status)
    yield from _same(data, {"campaign_id": "campaign_id", "response_id": "response_id"})
    yield from data.get("changes", {}).items()


def _opportunity(known: Known, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    state = _STATES.get(known.event.type)
    if state is not None:
        yield "state", state
    if known.event.type == "opportunity.won":
        yield "actual_value", data.get("actual_value")
    if state:
        yield "actual_close", format_instant(known.event.occurred_at)
    same = ("campaign_id", "lead_id", "estimated_value")
    yield from _same(data, {name: name for name in same})


def _response(known: Known, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    status = _STATUSES.get(known.event.type)
    if status is not None:
        yield "status", status
    if known.event.type == "response.captured":
        yield "occurred_at", format_instant(known.event.occurred_at)
    same = ("campaign_id", "activity_id", "type", "channel", "code")
    yield from _same(data, {name: name for name in same})


def _same(data: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    return ((name, data[said]) for name, said in names.items() if data.get(said) is not None)


_STATES = {"opportunity.created": 0, "opportunity.won": 1, "opportunity.lost": 2,
           "opportunity.reopened": 0}  # fmt: skip
_STATUSES = {
    "response.captured": "new", "response.reviewed": "reviewed",
    "response.converted": "converted", "response.closed": "closed",
    "response.canceled": "canceled", "response.reopened": "reviewed",
}  # fmt: skip
_RELATIONS = {
    **dict.fromkeys(("order.placed", "order.canceled"), "orders"),
    **dict.fromkeys(("contract.signed", "contract.ended"), "contracts"),
    **dict.fromkeys(
        ("lead.created", "lead.changed", "lead.assigned", "lead.contacted", "lead.disqualified",
         "lead.reopened", "lead.qualified"), "leads",
    ),
    **dict.fromkeys((*_STATES, "opportunity.changed"), "opportunities"),
    **dict.fromkeys((*_STATUSES, "response.classified"), "responses"),
}  # fmt: skip
_NAMES = {
    "orders": "order_id", "contracts": "contract_id", "leads": "lead_id",
    "opportunities": "opportunity_id", "responses": "response_id",
}  # fmt: skip
_VALUES: Mapping[str, _Values] = {
    "orders": _order, "contracts": _contract, "leads": _lead, "opportunities": _opportunity,
    "responses": _response,
}  # fmt: skip
