"""What becomes of the live campaign's responses."""

from __future__ import annotations

from uuid import UUID

from services.demo.offer_review import Pending, steps_for

CUSTOMER = UUID(int=7)


def steps(digit: int, status: str = "new", *, customer: UUID | None = CUSTOMER) -> list[str]:
    found = steps_for(Pending(UUID(int=100 + digit), status, customer))
    return [f"{step} {body.get('kind') or body.get('code') or ''}".strip() for step, body in found]


def test_review_leaves_some_responses_for_later():
    assert steps(0) == steps(1) == []


def test_review_is_not_recorded_twice():
    assert steps(9) == ["review"]
    assert steps(9, "reviewed") == []
    assert steps(4, "reviewed") == steps(4)[1:]


def test_review_converts_to_a_lead_where_no_customer_is_known():
    assert steps(8)[-1] == "convert opportunity"
    assert steps(8, customer=None)[-1] == "convert lead"


def test_review_names_the_customer_of_an_opportunity():
    *_, (_, body) = steps_for(Pending(UUID(int=108), "new", CUSTOMER))
    assert body == {"kind": "opportunity", "customer": {"kind": "contact", "id": str(CUSTOMER)}}


def test_review_shows_every_kind_of_step():
    taken = {step.split()[0] for digit in range(10) for step in steps(digit)}
    assert taken == {"review", "classify", "route", "followup", "convert", "close"}
