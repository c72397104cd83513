"""Who is calling, and under which conditions the call is to be carried out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from events.gate import ReplyKey
from schemas.errors import Fault, MalformedRequest, Unauthenticated
from services.access import Principal, Scope
from services.commands.commander import Order
from services.parts import Parts
from services.quotas import Quotas
from services.sessions import (
    CSRF_HEADER,
    SAFE_METHODS,
    check_csrf,
    session_of,
    session_secret,
)

LONGEST_KEY = 255
_bearer = HTTPBearer(auto_error=False, description="An API key of one workspace.")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    parts: Parts
    principal: Principal
    reply_key: ReplyKey | None
    if_match: int | None

    @property
    def workspace(self) -> str:
        """The workspace that the caller's key belongs to; no request names another."""
        return self.principal.workspace

    def order(self, expected: int | None = None) -> Order:
        """The call as an order to the commander, for a version it may name."""
        return Order(
            workspace=self.workspace,
            actor=self.principal.name,
            expected=expected if self.if_match is None else self.if_match,
            reply_key=self.reply_key,
        )

    def required_key(self) -> str:
        """The idempotency key that a create needs. Raises ``MalformedRequest``."""
        if self.reply_key is None:
            raise MalformedRequest(
                "Send an Idempotency-Key header: the same key makes a repeated request harmless."
            )
        return self.reply_key.key


def parts_of(request: Request) -> Parts:
    """The parts that the application was built of."""
    parts: Parts = request.app.state.parts
    return parts


def authenticated(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Principal:
    """Whose key the request carries, or whose session; a session's changes need its token.

    Raises ``Unauthenticated``, ``RateExceeded``, and ``Forbidden`` for a change without the token.
    """
    principal = _caller(request, bearer)
    quotas: Quotas = request.app.state.quotas
    quotas.take(principal.key_id)
    return principal


def _caller(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Principal:
    access = parts_of(request).access
    if bearer is not None and bearer.credentials:
        return access.authenticate(bearer.credentials)
    secret = session_secret(request.headers.get("cookie", ""))
    if secret is None or "authorization" in request.headers:
        raise Unauthenticated("Send an API key as 'Authorization: Bearer <key>'.")
    principal = session_of(access, secret)
    if request.method not in SAFE_METHODS:
        check_csrf(secret, request.headers.get(CSRF_HEADER, ""))
    return principal


def _call(
    request: Request,
    principal: Principal,
    scope: Scope,
    key: str | None = None,
    if_match: str | None = None,
) -> Call:
    principal.require(scope)
    return Call(
        parts_of(request),
        principal,
        _reply_key(request, principal, key) if key is not None else None,
        _version(if_match) if if_match is not None else None,
    )


def reading(request: Request, principal: Annotated[Principal, Depends(authenticated)]) -> Call:
    """A call that only looks."""
    return _call(request, principal, Scope.READ)


def administering(
    request: Request, principal: Annotated[Principal, Depends(authenticated)]
) -> Call:
    """A call for the installation's own figures."""
    return _call(request, principal, Scope.ADMIN)


def writing(
    request: Request,
    principal: Annotated[Principal, Depends(authenticated)],
    idempotency_key: Annotated[
        str | None, Header(description="The same key makes a repeated request harmless.")
    ] = None,
    if_match: Annotated[
        str | None, Header(description="The ETag of the version that the change is made on.")
    ] = None,
) -> Call:
    """A call that decides something."""
    return _call(request, principal, Scope.WRITE, idempotency_key, if_match)


Reading = Annotated[Call, Depends(reading)]
Writing = Annotated[Call, Depends(writing)]
Administering = Annotated[Call, Depends(administering)]


def _reply_key(request: Request, principal: Principal, header: str) -> ReplyKey:
    key = header.strip()
    if len(key) >= 2 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not 0 < len(key) <= LONGEST_KEY:
        raise MalformedRequest(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    asked = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    asked.update(getattr(request.state, "body", b""))
    return ReplyKey(principal.key_id, key, asked.hexdigest())


def _version(header: str) -> int | None:
    text = header.strip()
    if text == "*":
        return None
    number = text.removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        detail = "Send If-Match as the ETag of an earlier reply gave it."
        raise MalformedRequest(detail, (Fault("", detail),))
    return int(number)
