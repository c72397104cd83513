"""Sessions of the page: a signed cookie that says which key opened it, and until when.

The key itself is never in the cookie; revoking it ends its sessions at once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

from events.vault import TokenKeys
from schemas.errors import Unauthenticated
from services.access import Principal
from services.parts import Parts

COOKIE = "answerback_session"
LIFETIME = 12 * 3600 * 1000
_PURPOSE = b"answerback session 1\0"  # no token of another kind is signed over these bytes
_FORM = re.compile(r"(\d{1,3})\.([0-9a-f]{12})\.(\d{1,15})\.([A-Za-z0-9_-]{43})", re.ASCII)


def opened(parts: Parts, principal: Principal) -> str:
    """The cookie's value for a session that begins now."""
    keys = parts.vault.token_keys(principal.workspace)
    said = f"{keys.newest}.{principal.key_id}.{parts.clock() + LIFETIME}"
    return f"{said}.{_encoded(_mac(keys, keys.newest, said))}"


def session_of(parts: Parts, cookie: str) -> Principal:
    """Whose session a cookie is. Raises ``Unauthenticated``."""
    match = _FORM.fullmatch(cookie)
    if match is None or parts.clock() >= int(match[3]):
        raise _ended()
    principal = parts.access.principal(match[2])
    keys = parts.vault.token_keys(principal.workspace)
    number = int(match[1])
    if number not in keys.keys:
        raise _ended()
    expected = _mac(keys, number, cookie.rpartition(".")[0])
    if not hmac.compare_digest(expected, _decoded(match[4])):
        raise _ended()
    return principal


def _mac(keys: TokenKeys, number: int, said: str) -> bytes:
    return hmac.digest(keys.keys[number], _PURPOSE + said.encode(), hashlib.sha256)


def _encoded(mac: bytes) -> str:
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=")
    except binascii.Error as error:
        raise _ended() from error


def _ended() -> Unauthenticated:
    return Unauthenticated("The session has ended. Log in again.")
