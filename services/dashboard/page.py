"""The page's three addresses: what there is to see, the way in, and the way out."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from schemas.documents import CampaignDocument
from schemas.errors import InputError, InvalidInput, Unauthenticated, UnavailableError
from schemas.views import KpiQuery, KpiValue
from services.access import Principal, Scope
from services.api.call import parts_of
from services.api.desk import desk_of
from services.dashboard import html
from services.dashboard.html import CampaignBlock
from services.dashboard.sessions import COOKIE, opened, session_of
from services.http import headers_of
from services.parts import Parts

router = APIRouter(include_in_schema=False)
MOST_SHOWN = 50
MOST_FIELDS = 20
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
)


@router.get("/")
def show_page(request: Request) -> Response:
    """The campaigns and their KPIs, or the way in."""
    try:
        principal = _visitor(request)
    except Unauthenticated:
        return _html(html.login())
    return _html(_campaigns(request, principal))


@router.post("/login")
def log_in(request: Request) -> Response:
    """Open a session with an API key."""
    parts = parts_of(request)
    _count_attempt(request)
    try:
        principal = parts.access.authenticate(_form_field(request, "key"))
        principal.require(Scope.READ)
    except InputError:
        return _html(
            html.login("This key does not open the page. Use a live key that may read."), 401
        )
    reply = Response(status_code=303, headers={"Location": "/"})
    reply.headers["Set-Cookie"] = _cookie(parts, opened(parts, principal))
    return reply


def _count_attempt(request: Request) -> None:
    """Raises ``RateExceeded`` for an address that tries too often: keys are not to be guessed."""
    state = request.app.state
    address = state.callers.address(request.scope, headers_of(request.scope))
    limit = state.parts.settings.login_rate_per_minute
    state.logins.check(address, "login", limit, "login")


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Let the browser forget the session."""
    reply = Response(status_code=303, headers={"Location": "/"})
    reply.headers["Set-Cookie"] = _cookie(parts_of(request), "", "; Max-Age=0")
    return reply


def _campaigns(request: Request, principal: Principal) -> str:
    desk, parts = desk_of(request), parts_of(request)
    found = desk.commander.find_all(principal.workspace, "campaign", CampaignDocument)
    documents = sorted((f.document for f in found if f.document), key=_order)
    try:
        kpis, trouble = _kpis(parts, principal.workspace), ""
    except UnavailableError as error:
        kpis, trouble = {}, str(error)
    blocks = [CampaignBlock(d, kpis.get(str(d.campaign_id), {})) for d in documents[:MOST_SHOWN]]
    return html.campaigns(principal, blocks, len(documents), trouble)


def _order(document: CampaignDocument) -> tuple[bool, str]:
    """Launched ones first, then by name."""
    return document.actual_start is None, document.name.casefold()


def _kpis(parts: Parts, workspace: str) -> dict[str, dict[str, KpiValue]]:
    """Every campaign's KPIs. One question for all: each costs half a second, not each campaign."""
    report = parts.reads.kpis(workspace, KpiQuery(group_by=("campaign",)))
    return {group.group["campaign"]: group.kpis for group in report.data}


def _visitor(request: Request) -> Principal:
    """Whose session the browser has. Raises ``Unauthenticated``."""
    # Not request.cookies: a broken cookie of another application must not hide ours.
    jar = SimpleCookie()
    for part in request.headers.get("cookie", "").split(";"):
        if part.strip().startswith(COOKIE + "="):
            jar.load(part.strip())
    if COOKIE not in jar:
        raise Unauthenticated("There is no session.")
    return session_of(parts_of(request), jar[COOKIE].value)


def _form_field(request: Request, name: str) -> str:
    body: bytes = getattr(request.state, "body", b"")
    try:
        found = parse_qs(body.decode("latin-1"), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidInput(f"Send at most {MOST_FIELDS} fields.") from error
    return found.get(name, [""])[0].strip()


def _cookie(parts: Parts, value: str, more: str = "") -> str:
    secure = "; Secure" if parts.settings.public_url.startswith("https://") else ""
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}"


def _html(text: str, status: int = 200) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return Response(text, status, headers, "text/html; charset=utf-8")
