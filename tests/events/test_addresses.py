"""Equal addresses have equal hashes, however they were typed."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from events.addresses import address_hash, normalize

KEY = bytes(32)


@pytest.mark.parametrize(
    ("typed", "normal", "country"),
    [
        (" Ann@Example.COM ", "ann@example.com", None),
        ("+44 7700 900123", "+447700900123", None),
        ("+1 (202) 555-0100", "+12025550100", "US"),
        ("+1 604 555 0123", "+16045550123", "CA"),
        ("\t+44 (0)20 7946 0000", "+442079460000", "GB"),
        ("+800 1234 5678", "+80012345678", None),
        ("020 7946 0000", "020 7946 0000", None),
        ("+", "+", None),
        ("+not a number", "+not a number", None),
        ("+" + "1" * 300, "+" + "1" * 300, None),
        ("sip:Customer-1@bank.invalid", "sip:customer-1@bank.invalid", None),
        ("", "", None),
    ],
)
def test_address_has_one_normal_form(typed: str, normal: str, country: str | None) -> None:
    assert normalize(typed) == (normal, country)
    assert normalize(normal).text == normal


def test_hash_is_keyed_sha256_of_the_normal_form() -> None:
    expected = hmac.new(KEY, b"ann@example.com", hashlib.sha256).hexdigest()
    assert address_hash(KEY, " ANN@example.com") == expected
    assert address_hash(bytes(31) + b"1", "ann@example.com") != expected
