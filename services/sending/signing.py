"""Signatures of what is pushed, as Standard Webhooks has them: receivers verify with any library.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from uuid import UUID

from events.vault import TokenKeys

PREFIX = "whsec_"


def secret_of(keys: TokenKeys, sender: UUID) -> str:
    """The secret that a sender verifies with; another one after the token keys were turned."""
    return PREFIX + base64.b64encode(_key(keys.keys[keys.newest], sender)).decode()


def headers(
    keys: TokenKeys, sender: UUID, name: UUID, seconds: int, body: bytes
) -> Mapping[str, str]:
    """What a request says of itself. ``name`` is the same when it is sent again.

    Signed under the newest key and the one before, so that a secret can be changed at leisure.
    """
    signed = f"{name}.{seconds}.".encode() + body
    newest = sorted(keys.keys, reverse=True)[:2]
    signatures = [
        base64.b64encode(hmac.digest(_key(keys.keys[kid], sender), signed, "sha256")).decode()
        for kid in newest
    ]
    return {
        "webhook-id": str(name),
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(token_key: bytes, sender: UUID) -> bytes:
    return hmac.digest(token_key, b"sender|" + sender.bytes, hashlib.sha256)
