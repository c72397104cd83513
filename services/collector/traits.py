"""What an analytics script knows of a person, a company or an order, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.facts.contact import AccountChanges

Data = dict[str, Any]
_NAMES = {"firstName": "first_name", "first_name": "first_name", "lastName": "last_name",
          "last_name": "last_name"}  # fmt: skip
_PLACES = ("city", "region", "country")
_LONGEST_TEXT = 320
# Personal, and in no field of ours that is sealed: not kept.
_PERSONAL = frozenset((
    "name", "username", "birthday", "avatar", "age", "gender", "address", "email", "phone", "title",
    "id", "description", *_NAMES,
))  # fmt: skip


def contact_changes(traits: Data) -> Data:
    """The changes of a contact. Names and addresses will be sealed; other facts are attributes."""
    found: Data = {}
    whole = traits.get("name")
    if isinstance(whole, str):
        first, _, last = whole.strip().partition(" ")
        found |= {n: t for n, t in (("first_name", first), ("last_name", last.strip())) if t}
    found |= {_NAMES[n]: v for n, v in traits.items() if n in _NAMES and _is_text(v)}
    if _is_text(traits.get("email")):
        found["email"] = [traits["email"]]
    if _is_text(traits.get("phone")):
        found["telephone"] = traits["phone"]
    found |= dict(_place(traits))
    rest = dict(_attributes(traits))
    return {**found, "attributes": rest} if rest else found


def account_changes(traits: Data) -> Data:
    """The changes of a company."""
    found: Data = {"name": traits["name"]} if _is_text(traits.get("name")) else {}
    size = traits.get("employees")
    if isinstance(size, int) and not isinstance(size, bool):
        found["employees"] = size
    found |= dict(_place(traits))
    known = {*AccountChanges.model_fields, *_PERSONAL}
    rest = {n: v for n, v in traits.items() if n not in known and _is_plain(v)}
    return {**found, "attributes": rest} if rest else found


def order_data(properties: Data) -> Data:
    """An order as shops tell of it: a total beside its currency, and products in a list."""
    found = dict(properties)
    total, currency = properties.get("total"), properties.get("currency")
    if isinstance(total, int | float | str) and not isinstance(total, bool):
        found["total"] = {"amount": str(total), "currency": currency}
    products = properties.get("products")
    first = products[0] if isinstance(products, list) and products else None
    if isinstance(first, dict):
        for name in ("product_id", "category"):
            if _is_text(first.get(name)):
                found.setdefault(name, first[name])
    return found


def _place(traits: Data) -> Iterator[tuple[str, str]]:
    told = traits.get("address")
    for name in _PLACES:
        value = told.get(name) if isinstance(told, dict) else traits.get(name)
        if not isinstance(value, str) or not _is_text(value):
            continue
        if name != "country":
            yield name, value
        elif len(value) == 2 and value.isascii() and value.isalpha():
            yield name, value.upper()


def _attributes(traits: Data) -> Iterator[tuple[str, Any]]:
    for name, value in traits.items():
        if name not in _PERSONAL and name not in _PLACES and _is_plain(value):
            yield name, value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != "" and len(value) <= _LONGEST_TEXT


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or _is_text(value)
