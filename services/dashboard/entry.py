"""The way in and the way out: a key or a one-time code opens a session, logging out ends it."""

from __future__ import annotations

from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from schemas.errors import Forbidden, InputError, InvalidInput, Unauthenticated
from services.access import PassKind, Principal, Scope
from services.api.call import parts_of
from services.dashboard.markup import Markup, tag
from services.dashboard.shell import POLICY, Visitor, gate, trouble
from services.http import headers_of
from services.parts import Parts
from services.sessions import (
    LIFETIME,
    check_csrf,
    csrf_token,
    session_cookie,
    session_of,
    session_secret,
)

router = APIRouter(include_in_schema=False)
MOST_FIELDS = 20
_NO_ENTRY = "This does not open the page. Use a live key that may read, or a link not used before."


def visitor_of(request: Request) -> Visitor:
    """Whose session the browser has. Raises ``Unauthenticated``."""
    secret = session_secret(request.headers.get("cookie", "")) or ""
    return Visitor(session_of(parts_of(request).access, secret), csrf_token(secret))


def zone_of(request: Request, visitor: Visitor) -> ZoneInfo:
    """The time zone of the visitor's workspace."""
    return ZoneInfo(parts_of(request).access.workspace(visitor.principal.workspace).time_zone)


def shown(text: Markup, status: int = 200) -> Response:
    """A page: nobody may keep it, and nothing but our own files may run in it."""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(text, status, headers, "text/html; charset=utf-8")


@router.get("/login")
def show_login(code: str = "") -> Response:
    """The form; a link's code is used up by the button only, since programs look at links too."""
    return shown(login_page(code=code[:100]))


@router.post("/login")
def log_in(request: Request) -> Response:
    """Open a session with an API key, or with the code of a link."""
    parts = parts_of(request)
    _check_site(request)
    _count_attempt(request)
    try:
        principal = _opener(parts, request)
        principal.require(Scope.READ)
    except InputError:
        return shown(login_page(_NO_ENTRY), 401)
    secret = parts.access.open_pass(principal.key_id, PassKind.SESSION, LIFETIME)
    return _home(parts, secret)


@router.post("/logout")
def log_out(request: Request) -> Response:
    """End the session, here and for whoever else has its cookie."""
    parts = parts_of(request)
    secret = session_secret(request.headers.get("cookie", ""))
    if secret:
        check_csrf(secret, _form_field(request, "csrf_token"))
        try:
            parts.access.use_pass(secret, PassKind.SESSION)
        except Unauthenticated:
            return _home(parts, "")  # it had ended before
    return _home(parts, "")


def login_page(problem: str = "", code: str = "") -> Markup:
    """What somebody sees who has no session."""
    if code:
        field = tag("input", type="hidden", name="code", value=code)
        hint = "This link opens the page once."
    else:
        field = tag(
            "p", tag("label", "API key", for_="key"),
            tag("input", id="key", name="key", type="password", autocomplete="off", required=True,
                autofocus=True),
        )  # fmt: skip
        hint = "Any key that may read opens it; one that may write can also act on responses."
    return gate(
        (
            tag("h1", "Answerback"),
            trouble(problem),
            tag("form", field, tag("p", hint, class_="quiet"), tag("button", "Log in"),
                method="post", action="/login", class_="panel"),
        )
    )  # fmt: skip


def _opener(parts: Parts, request: Request) -> Principal:
    code = _form_field(request, "code")
    if code:
        return parts.access.use_pass(code, PassKind.LINK)
    return parts.access.authenticate(_form_field(request, "key"))


def _check_site(request: Request) -> None:
    """Raises ``Forbidden`` for a form of another site: it would log people in as somebody else."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Forbidden("Log in on this site's own page.")


def _count_attempt(request: Request) -> None:
    """Raises ``RateExceeded`` for an address that tries too often: keys are not to be guessed."""
    state = request.app.state
    address = state.callers.address(request.scope, headers_of(request.scope))
    limit = state.parts.settings.login_rate_per_minute
    state.logins.check(address, "login", limit, "login")


def _home(parts: Parts, secret: str) -> Response:
    https = parts.settings.public_url.startswith("https://")
    headers = {"Location": "/", "Set-Cookie": session_cookie(secret, https=https)}
    return Response(status_code=303, headers=headers)


def _form_field(request: Request, name: str) -> str:
    body: bytes = getattr(request.state, "body", b"")
    try:
        found = parse_qs(body.decode("latin-1"), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidInput(f"Send at most {MOST_FIELDS} fields.") from error
    return found.get(name, [""])[0].strip()
