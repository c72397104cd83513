"""The page's addresses: the overview, contacts and their journeys, files, the stream of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from schemas.documents import ActivityDocument, CampaignDocument, DistributionDocument
from schemas.errors import AnswerbackError, InvalidInput, NotFound, Unauthenticated
from schemas.kpis import KpiQuery, KpiValue
from schemas.views import ContactView, Past, TallyBy, TallyQuery
from services.access import Scope
from services.api.call import parts_of
from services.api.desk import desk_of
from services.api.replays import replays_of
from services.dashboard import (
    assets,
    distributions,
    entry,
    figures,
    list_pages,
    people,
    replays,
    responses,
)
from services.dashboard.asked import SPANS, Asked, read_address
from services.dashboard.breakdown import Breakdown, panels
from services.dashboard.distributions import Distributed
from services.dashboard.entry import login_page, shown, visitor_of, zone_of
from services.dashboard.figures import CampaignFigures
from services.dashboard.live import Feed
from services.dashboard.markup import NOTHING, Content, Markup, tag
from services.dashboard.responses import Sight
from services.dashboard.shell import Visitor, document, part, trouble
from services.dashboard.words import name_of_contact
from services.parts import Parts

router = APIRouter(include_in_schema=False)
router.include_router(entry.router)
router.include_router(list_pages.router)
MOST_CAMPAIGNS = 50
RESPONSES = 25
CONTACTS = 50
STEPS = 200
_YEAR = 365 * 24 * 3600


@router.get("/")
def show_overview(request: Request) -> Response:
    """Campaigns, figures and responses, or the way in. ``part`` asks for one piece alone."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page())
    overview = _Overview(request, visitor)
    only = request.query_params.get("part")
    if only is not None:
        build = overview.pieces().get(only)
        if build is None:
            raise NotFound("The page has no such part.")
        return shown(tag("div", build()))
    return shown(overview.whole())


@router.get("/contacts")
def show_contacts(request: Request, q: str = "", after: str | None = None) -> Response:
    """The contacts, or the one that an address belongs to."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    reads, workspace = parts_of(request).reads, visitor.principal.workspace
    problem = ""
    if q.strip():
        try:
            found = reads.contact_at(workspace, q.strip()[:320])
            return Response(status_code=303, headers={"Location": f"/contacts/{found.contact_id}"})
        except NotFound as error:
            problem = str(error)
    rows = reads.contacts(workspace, after, CONTACTS)
    further = f"/contacts?after={rows.next_cursor}" if rows.next_cursor else None
    listed = tag(
        "div", people.listing(rows.data, zone_of(request, visitor), further), class_="panel"
    )
    search = people.search(q, problem)
    return shown(document("Contacts", visitor, "contacts", tag("h1", "Contacts"), search, listed))


@router.get("/contacts/{contact}")
def show_contact(request: Request, contact: UUID, after: str | None = None) -> Response:
    """A contact and its journey. ``part`` asks for the journey alone."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    reads, workspace = parts_of(request).reads, visitor.principal.workspace
    view = reads.contact(workspace, contact)
    rows = reads.journey(workspace, contact, Past(), after, STEPS)
    here = f"/contacts/{contact}"
    further = f"{here}?after={rows.next_cursor}" if rows.next_cursor else None
    names = {c.campaign_id: c.name for c in _campaigns(request, workspace)}
    line = people.timeline(rows.data, names, zone_of(request, visitor), further)
    if "part" in request.query_params:
        return shown(tag("div", line))
    name = name_of_contact(view)
    address = f"{here}?part=journey" + (f"&after={after}" if after else "")
    return shown(
        document(
            name, visitor, "contacts", tag("h1", name), people.about(view), tag("h2", "Journey"),
            part(address, 1, "journey", line),
        )
    )  # fmt: skip


@router.get("/replays")
def show_replays(request: Request) -> Response:
    """Replays, for an admin. ``part`` asks for the table alone."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    visitor.principal.require(Scope.ADMIN)
    found = replays_of(parts_of(request)).replays()
    table = replays.listing(found, zone_of(request, visitor))
    if "part" in request.query_params:
        return shown(tag("div", table))
    about = tag("p", "Steps are taken by the command ", tag("code", "answerback replay"), ".")
    live = part("/replays?part=list", 1, "replays", table, ticks=True)
    panel = tag("div", live, class_="panel")
    return shown(document("Replays", visitor, "replays", tag("h1", "Replays"), about, panel))


@router.get("/static/{digest}/{name}")
def show_file(digest: str, name: str) -> Response:
    """One of the page's own files; its address changes with its content."""
    content = assets.CONTENT.get(name)
    if content is None or digest != assets.DIGEST:
        raise NotFound("There is no such file.")
    headers = {"Cache-Control": f"public, max-age={_YEAR}, immutable"}
    return Response(content, 200, headers, assets.KINDS[name.rpartition(".")[2]])


@router.get("/live")
async def stream_changes(request: Request) -> Response:
    """A word whenever a read model has moved, as server-sent events."""
    feed: Feed = request.app.state.feed

    async def is_valid() -> bool:
        try:
            await asyncio.to_thread(visitor_of, request)
        except Unauthenticated:
            return False
        return True

    visitor = await asyncio.to_thread(visitor_of, request)
    key_id = visitor.principal.key_id
    feed.check_room(key_id)
    stream = feed.stream(key_id, request.headers.get("last-event-id"), is_valid)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, 200, headers, "text/event-stream")


class _Overview:
    """What the overview is built of, piece by piece."""

    def __init__(self, request: Request, visitor: Visitor) -> None:
        self._visitor = visitor
        self._workspace = visitor.principal.workspace
        self._parts: Parts = parts_of(request)
        self._place = self._parts.access.workspace(self._workspace)
        self._asked: Asked = read_address(request.query_params, self._place.time_zone)
        self._commander = desk_of(request).commander
        self._documents = _campaigns(request, self._workspace)

    def pieces(self) -> dict[str, Callable[[], Markup]]:
        """How each piece is made that is asked for again when something has moved."""
        return {
            "campaigns": lambda: _guarded(self._compared),
            "breakdown": lambda: _guarded(self._counted),
            "responses": lambda: _guarded(self._listed),
            "plans": lambda: _guarded(self._cards),
            "distributions": lambda: _guarded(self._distributed),
        }

    def whole(self) -> Markup:
        """The document with every piece in it."""
        pieces = self.pieces()
        chosen = next(
            (d for d in self._documents if d.campaign_id == self._asked.campaign_id), None
        )
        title = chosen.name if chosen else "Campaigns"
        back = tag("p", tag("a", "All campaigns", href="/")) if chosen else NOTHING
        names = self._names()
        first = "plans" if chosen else "campaigns"
        return document(
            title, self._visitor, "overview", tag("h1", title), back,
            self._part(first, 2, pieces[first]()),
            self._part("distributions", 2, self._distributed()) if chosen else NOTHING,
            tag("h2", "Where responses come from"),
            self._part("breakdown", 2, pieces["breakdown"]()),
            tag("h2", "Responses", id="responses"),
            tag("details", tag("summary", "Narrow the list"),
                responses.filters(self._asked.filters, names), open=self._narrowed(), id="narrow"),
            self._part("list", 1, pieces["responses"](), "responses"),
            NOTHING if chosen else (
                tag("h2", "Each campaign"), self._part("plans", 3, pieces["plans"]())
            ),
        )  # fmt: skip

    def _narrowed(self) -> bool:
        return bool(self._asked.filters.keys() - {"campaign"})

    def _part(self, name: str, seconds: float, content: Content, piece: str = "") -> Markup:
        return part(self._asked.address(part=piece or name), seconds, name, content)

    def _names(self) -> dict[UUID, str]:
        return {d.campaign_id: d.name for d in self._documents}

    @cached_property
    def _figures(self) -> list[CampaignFigures]:
        report = self._parts.reads.kpis(self._workspace, KpiQuery(group_by=("campaign",)))
        kpis: dict[str, dict[str, KpiValue]] = {g.group["campaign"]: g.kpis for g in report.data}
        wanted = self._asked.campaign_id
        chosen = [d for d in self._documents if wanted is None or d.campaign_id == wanted]
        return [
            CampaignFigures(d, kpis.get(str(d.campaign_id), {})) for d in chosen[:MOST_CAMPAIGNS]
        ]

    def _compared(self) -> Markup:
        campaigns = self._figures
        if not campaigns:
            return tag("p", "There are no campaigns yet.", class_="panel quiet")
        count = len(self._documents)
        more = f"Shown are {len(campaigns)} of {count} campaigns." if len(campaigns) < count else ""
        return tag("div", figures.comparison(campaigns), tag("p", more) if more else None)

    def _cards(self) -> Markup:
        currency = self._place.base_currency
        return tag("div", [figures.card(campaign, currency) for campaign in self._figures])

    def _distributed(self) -> Markup:
        find_all = self._commander.find_all
        progress = {
            one.document.activity_id: one.document
            for one in find_all(self._workspace, "distribution", DistributionDocument)
            if one.document and one.document.campaign_id == self._asked.campaign_id
        }
        activities = find_all(self._workspace, "activity", ActivityDocument) if progress else []
        found = [
            Distributed(one.document, progress[one.document.activity_id])
            for one in activities
            if one.document and one.document.activity_id in progress
        ]
        return tag("div", distributions.listing(found))

    def _counted(self) -> Markup:
        span = self._asked.span

        def tally(by: TallyBy) -> TallyQuery:
            return TallyQuery(
                by=by, campaign_id=self._asked.campaign_id, time_zone=self._place.time_zone
            )

        reads = self._parts.reads
        return panels(
            Breakdown(
                channels=reads.tally(self._workspace, tally("channel")),
                countries=reads.tally(self._workspace, tally("country")),
                times=reads.tally(self._workspace, tally("hour" if span == "hour" else "day")),
                span=span,
                zone=self._place.time_zone,
                links={name: self._asked.address(span=name, cursor="") for name in SPANS},
            )
        )

    def _listed(self) -> Markup:
        reads, asked = self._parts.reads, self._asked
        ask = reads.responses if asked.oldest_first else reads.newest_responses
        rows = ask(self._workspace, asked.only, asked.cursor, RESPONSES)
        contacts = reads.contacts_named(self._workspace, responses.contact_ids(rows.data))
        known: dict[UUID, ContactView] = {view.contact_id: view for view in contacts}
        scopes = self._visitor.principal
        sight = Sight(
            ZoneInfo(self._place.time_zone), self._names(), known, scopes.may(Scope.WRITE),
            sorted({row.owner_id for row in rows.data if row.owner_id}),
        )  # fmt: skip
        further = (
            responses.further_address(asked.filters, rows.next_cursor) if rows.next_cursor else None
        )
        return tag("div", responses.listing(rows.data, sight, further), class_="panel")


def _guarded(build: Callable[[], Markup]) -> Markup:
    """A piece, or why it is missing: the others are shown all the same."""
    try:
        return build()
    except InvalidInput:
        raise
    except AnswerbackError as error:
        return trouble(str(error))


def _campaigns(request: Request, workspace: str) -> list[CampaignDocument]:
    found = desk_of(request).commander.find_all(workspace, "campaign", CampaignDocument)
    return sorted((f.document for f in found if f.document), key=_order)


def _order(campaign: CampaignDocument) -> tuple[bool, str]:
    """Launched ones first, then by name."""
    return campaign.actual_start is None, campaign.name.casefold()
