"""Which status may follow which, against the moves the specification lists (3.1 and 3.3)."""

from __future__ import annotations

from itertools import product

from schemas.catalogue import load_all
from schemas.lifecycles import (
    CAMPAIGN_MOVES,
    RESPONSE_CORRECTIONS,
    RESPONSE_EDITS,
    RESPONSE_MOVES,
    CampaignStatus,
    ResponseStatus,
    response_move,
)

N, V, X, C, Z = ResponseStatus
CATALOGUE = load_all()


def test_campaigns_move_as_the_specification_says() -> None:
    moves = {(a.value, b.value) for to in CAMPAIGN_MOVES.values() for a, b in to.items()}
    assert moves == (
        {(0, 1), (1, 2), (2, 3), (2, 5), (5, 2)}
        | {(status, 4) for status in (0, 1, 2, 5)}
        | {(status, 6) for status in range(6)}
    )
    assert {status.value for status in CampaignStatus} == set(range(7))


def test_responses_move_as_the_specification_says() -> None:
    moves = {
        (status, after)
        for event_type, status in product(RESPONSE_MOVES, ResponseStatus)
        if (after := response_move(status, event_type)) not in (None, status)
    }
    assert moves == {
        (N, V), (V, X), (X, C), (N, C), (V, C), (N, Z), (V, Z), (X, V), (C, V), (Z, V),
    }  # fmt: skip


def test_closed_and_canceled_refuse_edits_except_reopen_and_correct() -> None:
    steps = {*RESPONSE_MOVES, *RESPONSE_EDITS, *RESPONSE_CORRECTIONS} - {"conversion.reversed"}
    for status in (C, Z):
        allowed = {step for step in steps if response_move(status, step) is not None}
        assert allowed == {"response.reopened", "response.corrected"}


def test_an_edit_changes_no_status() -> None:
    for step, status in product(RESPONSE_EDITS, (N, V, X)):
        assert response_move(status, step) == status


def test_an_unknown_step_is_not_allowed() -> None:
    assert response_move(N, "response.forgotten") is None


def test_every_step_is_a_type_of_the_catalogue() -> None:
    steps = {*CAMPAIGN_MOVES, *RESPONSE_MOVES, *RESPONSE_EDITS, *RESPONSE_CORRECTIONS}
    assert all(step in CATALOGUE for step in steps)
