"""The fold of a response's decisions, against the table of moves in the domain specification."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.folds.responses.decisions import evolve, status_after
from schemas.catalogue import load_all
from schemas.documents import ResponseDecisions
from schemas.ids import target_id
from schemas.instants import to_datetime
from schemas.lifecycles import ResponseStatus
from schemas.payload import Payload
from tests.support.clock import HOUR, MORNING

NAME = UUID(int=1)
LEAD = {"kind": "lead", "id": str(target_id(NAME, "lead", 0))}
ORDER = {"kind": "order", "id": str(UUID(int=9))}

SAID: dict[str, dict[str, Any]] = {
    "reviewed": {},
    "closed": {},
    "canceled": {},
    "reopened": {},
    "assigned": {"owner_id": str(UUID(int=2))},
    "classified": {"code": "interested", "classified_by": "ada"},
    "corrected": {"changes": {"priority": 2}},
    "routed": {"target": "sales"},
    "converted": {"target": LEAD, "kind": "lead", "ordinal": 0, "matched": False},
}


def payload(event_type: str, **other: Any) -> Payload:
    model = load_all().newest(event_type).model
    said = SAID.get(event_type.partition(".")[2], {})
    return model.model_validate({"response_id": str(NAME), **said, **other})


def after(doc: ResponseDecisions, word: str, **other: Any) -> ResponseDecisions:
    event_type = word if "." in word else f"response.{word}"
    return evolve(doc, event_type, payload(event_type, **other), MORNING)


def in_status(status: str) -> ResponseDecisions:
    way = {
        "new": (),
        "reviewed": ("reviewed",),
        "converted": ("reviewed", "converted"),
        "closed": ("closed",),
        "canceled": ("canceled",),
    }
    doc = ResponseDecisions(response_id=NAME)
    for word in way[status]:
        doc = after(doc, word)
    assert doc.status == status
    return doc


@pytest.mark.parametrize(
    ("word", "moves"),
    [
        ("reviewed", {"new": "reviewed"}),
        ("closed", {"new": "closed", "reviewed": "closed", "converted": "closed"}),
        ("canceled", {"new": "canceled", "reviewed": "canceled"}),
        ("reopened", {"closed": "reviewed", "canceled": "reviewed"}),
        ("converted", {"reviewed": "converted", "converted": "converted"}),
        ("assigned", {"new": "new", "reviewed": "reviewed", "converted": "converted"}),
        ("corrected", {s.value: s.value for s in ResponseStatus}),
    ],
)
def test_status_moves_only_as_allowed(word: str, moves: dict[str, str]) -> None:
    for status in ResponseStatus:
        doc = in_status(status.value)
        moved = after(doc, word)
        assert moved.status == moves.get(status.value, status.value)
        if status.value not in moves:
            assert moved == doc


def test_case_leaves_the_status_as_it_is() -> None:
    case = {"target": {"kind": "case", "id": str(UUID(int=3))}, "kind": "case"}
    assert after(in_status("new"), "converted", **case).status == "new"
    assert after(in_status("new"), "converted", **case).conversions[0].kind == "case"
    assert after(in_status("closed"), "converted", **case).conversions == ()


def test_reversal_of_the_last_sales_record_leads_back_to_reviewed() -> None:
    doc = after(in_status("converted"), "converted", target=ORDER, kind="order")
    doc = after(doc, "conversion.reversed", target=LEAD, reason="x")
    assert (doc.status, [c.reversed for c in doc.conversions]) == ("converted", [True, False])
    doc = after(doc, "conversion.reversed", target=ORDER, reason="x")
    assert doc.status == "reviewed"
    assert after(doc, "conversion.reversed", target=ORDER, reason="x") == doc


def test_reversal_of_a_closed_response_keeps_it_closed() -> None:
    doc = after(in_status("converted"), "closed")
    doc = after(doc, "conversion.reversed", target=LEAD, reason="x")
    assert (doc.status, doc.conversions[0].reversed) == ("closed", True)


def test_reversal_after_reopening_is_still_possible() -> None:
    doc = after(after(in_status("converted"), "closed"), "reopened")
    doc = after(doc, "conversion.reversed", target=LEAD, reason="x")
    assert (doc.status, doc.conversions[0].reversed) == ("reviewed", True)


def test_first_follow_up_counts() -> None:
    event_type = "followup.recorded"
    doc = ResponseDecisions(response_id=NAME)
    doc = evolve(doc, event_type, payload(event_type, medium="call"), MORNING)
    earlier = to_datetime(MORNING - HOUR).isoformat()
    doc = evolve(doc, event_type, payload(event_type, medium="email", at=earlier), MORNING + HOUR)
    doc = evolve(doc, event_type, payload(event_type, medium="email"), MORNING + HOUR)
    assert doc.followup_at == to_datetime(MORNING - HOUR)


def test_reopening_takes_the_duplicate_mark_away() -> None:
    doc = after(in_status("reviewed"), "canceled", duplicate_of=str(UUID(int=4)))
    assert doc.duplicate_of == UUID(int=4)
    assert after(doc, "reopened").duplicate_of is None


def test_corrections_add_up_as_plain_values() -> None:
    doc = after(in_status("new"), "corrected", changes={"priority": 1, "country": "PL"})
    moment = "2026-10-14T10:00:00Z"
    doc = after(doc, "corrected", changes={"priority": 2, "close_by": moment})
    assert doc.corrections == {
        "priority": 2, "country": "PL", "close_by": "2026-10-14T10:00:00.000Z",
    }  # fmt: skip


@given(st.lists(st.sampled_from(sorted(SAID)), max_size=12))
def test_converted_always_means_a_standing_sales_record(words: list[str]) -> None:
    doc = ResponseDecisions(response_id=NAME)
    for word in words:
        event_type = f"response.{word}"
        allowed = status_after(doc, event_type, payload(event_type))
        moved = after(doc, word)
        assert moved.status == (doc.status if allowed is None else allowed)
        assert (moved == doc) or moved.decided
        doc = moved
    if doc.status == "converted":
        assert any(not c.reversed for c in doc.conversions)
