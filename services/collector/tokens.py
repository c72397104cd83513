"""The signed token in tracking addresses: 66 bytes, 88 characters (interfaces, section 1.1).

Tokens live in sent mail for years: this layout never changes under version 1.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from events.keyed import keyed_hmac
from events.vault import TokenKeys
from schemas.errors import InvalidInput
from schemas.ids import uuid_of

VERSION = 1
LENGTH = 88
_BODY = struct.Struct(">BBII16s16sQ")
_MAC = 16
_NIL = UUID(int=0)
# The two letters of the URL-safe alphabet for those of the standard one, and those for none.
_URL_SAFE = bytes.maketrans(b"-_+/", b"+/!!")


class Purpose(IntEnum):
    """What a token is for. The door implies it, so a token of one purpose opens no other door."""

    OPEN = 1
    CLICK = 2
    UNSUBSCRIBE = 3
    CONFIRM = 4
    FORM = 5


class Token(NamedTuple):
    """What a token says. A field that does not apply is zero.

    ``expiry`` is in seconds since 1970; for a form it is when the form was shown. ``about`` is the
    message, for a confirmation the submission's event, for a form the form.
    """

    workspace: int
    recipient: UUID = _NIL
    about: UUID = _NIL
    expiry: int = 0
    link: int = 0


class Signed(NamedTuple):
    """A token as it was sent in: readable, and not to be believed before ``is_genuine``."""

    token: Token
    key_id: int
    body: bytes
    mac: bytes

    def is_genuine(self, purpose: Purpose, keys: TokenKeys) -> bool:
        """Whether one of our keys has signed this, for this purpose."""
        key = keys.keys.get(self.key_id)
        return key is not None and hmac.compare_digest(_mac(key, purpose, self.body), self.mac)


def sign(purpose: Purpose, token: Token, keys: TokenKeys) -> str:
    """The token as text, under the ring's newest key. The same input gives the same text."""
    try:
        body = _BODY.pack(
            VERSION, keys.newest, token.expiry, token.workspace,
            token.recipient.bytes, token.about.bytes, token.link,
        )  # fmt: skip
    except struct.error as error:
        raise InvalidInput(f"A token cannot say this: {error}.") from error
    signed = body + _mac(keys.keys[keys.newest], purpose, body)
    return base64.urlsafe_b64encode(signed).decode()


def unpack(text: str) -> Signed | None:
    """What a text says, if it has the form of a token at all."""
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        raw = binascii.a2b_base64(text.encode().translate(_URL_SAFE), strict_mode=True)
    except binascii.Error:
        return None
    if len(raw) != _BODY.size + _MAC or raw[0] != VERSION:
        return None
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    _, key_id, expiry, workspace, recipient, about, link = _BODY.unpack(body)
    token = Token(workspace, uuid_of(recipient), uuid_of(about), expiry, link)
    return Signed(token, key_id, body, mac)


def _mac(key: bytes, purpose: Purpose, body: bytes) -> bytes:
    return keyed_hmac(key, _PURPOSES[purpose] + body)[:_MAC]


_PURPOSES = {purpose: bytes((purpose,)) for purpose in Purpose}
