"""Addresses: one normal form each, so that equal addresses have equal hashes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import phonenumbers

from events.keyed import keyed_hmac


class Normal(NamedTuple):
    """An address in normal form; ``country`` where a telephone number tells it."""

    text: str
    country: str | None


@lru_cache(maxsize=65_536)
def normalize(address: str) -> Normal:
    """E-mail and other names in lower case, telephone numbers as E.164; white space cut off."""
    text = address.strip()
    if "@" in text or not text.startswith("+"):
        return Normal(text.lower(), None)
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return Normal(text.lower(), None)
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(number)
    return Normal(formatted, region if region and len(region) == 2 and region != "ZZ" else None)


def address_hash(key: bytes, address: str) -> str:
    """The keyed hash by which addresses are matched: 64 hex digits."""
    return keyed_hmac(key, normalize(address).text.encode()).hex()
