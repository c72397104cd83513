"""Sessions of browsers: a cookie stands for a key, and a second token proves that it was our page.

The cookie holds a random secret of which only a hash is stored; the key itself is never in it.
Revoking the key ends its sessions at once, and so does logging out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie

from schemas.errors import Forbidden, Unauthenticated
from services.access import Access, PassKind, Principal

COOKIE = "answerback_session"
LIFETIME = 12 * 3600 * 1000
LINK_LIFETIME = 15 * 60 * 1000
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_PURPOSE = b"answerback csrf 1\0"  # the token must tell nothing of the cookie that it belongs to


def session_secret(cookies: str) -> str | None:
    """Our session's secret in a Cookie header; a broken cookie of others must not hide it."""
    for part in cookies.split(";"):
        if not part.strip().startswith(COOKIE + "="):
            continue
        try:
            jar: SimpleCookie = SimpleCookie(part.strip())
        except CookieError:
            continue
        if COOKIE in jar:
            return jar[COOKIE].value
    return None


def session_of(access: Access, secret: str | None) -> Principal:
    """Whose session it is. Raises ``Unauthenticated``."""
    if not secret:
        raise Unauthenticated("There is no session. Log in, or send an API key as a bearer token.")
    return access.pass_holder(secret, PassKind.SESSION)


def csrf_token(secret: str) -> str:
    """The token that belongs to a session; only a page that we served knows it."""
    mac = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def check_csrf(secret: str, token: str) -> None:
    """Raises ``Forbidden`` unless the token is the session's."""
    if not hmac.compare_digest(csrf_token(secret).encode(), token.encode()):
        raise Forbidden(
            f"A change under the session cookie needs the page's token in {CSRF_HEADER}."
            " Reload the page, or send an API key instead of the cookie."
        )


def session_cookie(secret: str, *, https: bool, lifetime: int = LIFETIME) -> str:
    """The Set-Cookie header's value; an empty secret makes the browser forget."""
    secure = "; Secure" if https else ""
    age = lifetime // 1000 if secret else 0
    return f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age={age}"


def one_time_link(access: Access, key_id: str, address: str) -> str:
    """An address that opens one session for a key, within a quarter of an hour."""
    code = access.open_pass(key_id, PassKind.LINK, LINK_LIFETIME)
    return f"{address}/login?code={code}"
