"""Conditions and amounts, checked before they are put in force."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.errors import InvalidInput
from schemas.fields import Money, Prop
from services.commands.conditions import checked_props
from services.commands.money import checked_money


@pytest.mark.parametrize(
    ("op", "value", "fits"),
    [
        ("eq", "a", True),
        ("eq", 0, True),
        ("eq", None, False),
        ("eq", ["a"], False),
        ("lt", {"a": 1}, False),
        ("in", ["a", 1], True),
        ("in", [], False),
        ("in", "a", False),
        ("in", ["a"] * 1001, False),
        ("between", [1, 2], True),
        ("between", [1], False),
        ("contains", "a", True),
        ("contains", 1, False),
        ("starts_with", None, False),
        ("is_null", None, True),
        ("not_null", 1, False),
    ],
)
def test_condition_value_must_fit_its_operator(op: Any, value: Any, fits: bool) -> None:
    prop = Prop(prop="a.b", op=op, value=value)
    if fits:
        checked_props([prop], "/where")
        return
    with pytest.raises(InvalidInput) as refused:
        checked_props([Prop(prop="a", op="eq", value=1), prop], "/where")
    assert [fault.pointer for fault in refused.value.faults] == ["/where/1/value"]


@pytest.mark.parametrize(
    ("money", "pointer"),
    [
        ({"amount": "-0.01", "currency": "EUR"}, "/cost/amount"),
        ({"amount": "1", "currency": "EUR", "rate": "1.1"}, "/cost/rate"),
        ({"amount": "1", "currency": "USD"}, "/cost/rate"),
    ],
)
def test_amount_must_fit_the_base_currency(money: dict[str, str], pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_money(Money.model_validate(money), "EUR", "/cost")
    assert refused.value.faults[0].pointer == pointer


def test_amounts_that_fit_pass() -> None:
    checked_money(Money(amount=Decimal(0), currency="EUR"), "EUR", "")
    checked_money(Money(amount=Decimal(1), currency="USD", rate=Decimal("0.9")), "EUR", "")
