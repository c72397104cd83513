"""HMACs, beside those of the standard library."""

from __future__ import annotations

import hmac

import pytest

from events.keyed import keyed_hmac


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 200])
def test_keyed_hmac_is_an_hmac(size: int) -> None:
    key = b"k" * size
    for message in (b"", b"one", b"two" * 100):
        assert keyed_hmac(key, message) == hmac.digest(key, message, "sha256")
