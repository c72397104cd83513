"""Ids follow from their parts. The vectors are those of the two specifications."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import (
    NAMESPACE,
    event_id,
    link_text,
    message_id,
    named_id,
    response_id,
    target_id,
)

ANY = uuid.UUID("00000000-0000-4000-8000-00000000000a")
OTHER = uuid.UUID("00000000-0000-4000-8000-00000000000b")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("demo", "sendgrid-main", "evt-0001"), "9cd7e484-ba73-56fe-ade5-5af20716b30d"),
        (("demo", "segment", "msg-1"), "893b4a91-9fb8-5d47-8818-75da130edc14"),
        (("demo", "sendgrid", "a|b"), "9e15388b-b9b3-573e-90bd-4aa196ec208b"),
    ],
)
def test_event_id_matches_the_specification(parts: tuple[str, str, str], expected: str) -> None:
    assert str(event_id(*parts)) == expected


def test_message_id_matches_the_specification() -> None:
    assert str(message_id(ANY, OTHER)) == "a8a84e80-84ab-5a66-b7c6-0c56228e1aaf"
    assert message_id(ANY, OTHER, 2) != message_id(ANY, OTHER)


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_named_id_is_a_uuid5_of_the_escaped_parts(parts: list[str]) -> None:
    name = "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)
    assert named_id(*parts) == uuid.uuid5(NAMESPACE, name)


@given(st.text(), st.text(), st.text(), st.text())
def test_parts_cannot_be_shifted_across_the_bar(a: str, b: str, c: str, d: str) -> None:
    assert (named_id(a, b) == named_id(c, d)) == ((a, b) == (c, d))


def test_response_id_depends_on_rule_and_anchor_only() -> None:
    assert response_id("demo", ANY, OTHER, "x") == named_id("demo", ANY, OTHER, "x")
    assert response_id("demo", ANY, "manual", "k") != response_id("demo", ANY, "api", "k")


def test_target_id_counts_the_reversed_conversions() -> None:
    assert target_id(ANY, "lead", 0) == named_id(ANY, "lead", 0)
    assert target_id(ANY, "lead", 1) != target_id(ANY, "lead", 0)


def test_link_text_is_sixteen_hex_digits() -> None:
    assert link_text(0) == "0000000000000000"
    assert link_text(2**64 - 1) == "ffffffffffffffff"
