"""Amounts, checked for what the sums in base currency rest on."""

from __future__ import annotations

from schemas.errors import Fault, InvalidInput
from schemas.fields import Model, Money


def checked_money(money: Money, base: str, pointer: str) -> None:
    """Raise ``InvalidInput`` for a negative amount or a rate that does not fit the currency."""
    if money.amount < 0:
        raise _refused(f"{pointer}/amount", "An amount must not be negative.")
    if money.currency == base and money.rate != 1:
        raise _refused(
            f"{pointer}/rate", f"The rate of the base currency {base} is 1; leave it out."
        )
    if money.currency != base and "rate" not in money.model_fields_set:
        detail = f"Give the rate from {money.currency} to the base currency {base} at that moment."
        raise _refused(f"{pointer}/rate", detail)


def checked_amounts(fields: Model, base: str) -> None:
    """``checked_money`` for every amount among an object's fields."""
    for name in type(fields).model_fields:
        value = getattr(fields, name)
        if isinstance(value, Money):
            checked_money(value, base, f"/{name}")


def _refused(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, (Fault(pointer, detail),))
