"""The addresses of the pages about lists."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from schemas.calendar import days_between
from schemas.documents import DefinitionDocument, ListDocument
from schemas.errors import Unauthenticated
from schemas.instants import DAY
from schemas.rules.explaining import explain
from schemas.rules.parsing import parse_rule
from schemas.views import Past
from services.api.call import parts_of
from services.api.desk import desk_of
from services.commands import definitions
from services.commands import lists as commands
from services.dashboard import builder, lists
from services.dashboard.entry import login_page, shown, visitor_of, zone_of
from services.dashboard.markup import Markup, tag
from services.dashboard.shell import Visitor, document, part

router = APIRouter()
MEMBERS = 50
SPAN_DAYS = 30


@router.get("/lists")
def show_lists(request: Request) -> Response:
    """All lists with how many they are. ``part`` asks for the table alone."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    workspace, reads = visitor.principal.workspace, parts_of(request).reads
    kept = desk_of(request).commander.find_all(workspace, "list", ListDocument)
    found = [one.document for one in kept if one.document]
    counts = {one.list_id: reads.member_count(workspace, one.list_id) for one in found}
    table = lists.listing(found, counts)
    if "part" in request.query_params:
        return shown(tag("div", table))
    panel = tag("div", part("/lists?part=list", 2, "lists", table), class_="panel")
    return shown(document("Lists", visitor, "lists", tag("h1", "Lists"), panel))


@router.get("/lists/{list_id}")
def show_list(request: Request, list_id: UUID, after: str | None = None) -> Response:
    """A list: its rule in words and its members. ``part`` asks for the members alone."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    workspace, reads = visitor.principal.workspace, parts_of(request).reads
    one = _known(request, visitor, list_id)
    rows = reads.members(workspace, list_id, Past(), after, MEMBERS)
    here = f"/lists/{list_id}"
    further = f"{here}?after={rows.next_cursor}" if rows.next_cursor else None
    table = lists.members(list_id, rows.data, zone_of(request, visitor), further)
    if "part" in request.query_params:
        return shown(tag("div", table))
    address = f"{here}?part=members" + (f"&after={after}" if after else "")
    now, zone = parts_of(request).clock(), zone_of(request, visitor)
    is_ruled = one.kind == "dynamic"
    about = _rule(request, visitor, list_id) if is_ruled else lists.origin(one, zone)
    days = days_between(now - SPAN_DAYS * DAY, now + 1, zone)
    flow = reads.member_flow(workspace, list_id, days, None)
    count = lists.size(one, reads.member_count(workspace, list_id), flow, SPAN_DAYS)
    return shown(
        document(
            one.name, visitor, "lists", tag("h1", one.name), count, about,
            tag("h2", "Over time"), lists.over_time(flow, zone), tag("h2", "Members"),
            tag("div", part(address, 2, "members", table), class_="panel"),
        )
    )  # fmt: skip


@router.get("/lists/{list_id}/rule")
def show_builder(request: Request, list_id: UUID) -> Response:
    """The rule of a dynamic list, to be changed, tried and published."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    one = _known(request, visitor, list_id)
    back = tag("p", tag("a", one.name, href=f"/lists/{list_id}"))
    title = f"{one.name}: rule"
    if one.kind != "dynamic":
        told = tag("p", "Records are put on this list by hand; it has no rule.", class_="quiet")
        return shown(document(title, visitor, "lists", tag("h1", title), back, told))
    workspace = visitor.principal.workspace
    kept = desk_of(request).commander.find_all(workspace, "list", ListDocument)
    others = [o.document for o in kept if o.document and _may_read(one, o.document)]
    zone = parts_of(request).access.workspace(workspace).time_zone
    form = builder.builder(one, _body(request, visitor, list_id), zone, others)
    return shown(
        document(title, visitor, "lists", tag("h1", title), back, form, scripts=("rule.js",))
    )


def _may_read(one: ListDocument, other: ListDocument) -> bool:
    return other.list_id != one.list_id and other.member_type == one.member_type


@router.get("/lists/{list_id}/{member}")
def show_why(request: Request, list_id: UUID, member: UUID) -> Response:
    """Why a record is on a list, or is not."""
    try:
        visitor = visitor_of(request)
    except Unauthenticated:
        return shown(login_page(), 401)
    one = _known(request, visitor, list_id)
    reads = parts_of(request).reads
    why = reads.member_why(visitor.principal.workspace, list_id, member, Past())
    title = f"{one.name}: why {member}"
    back = tag("p", tag("a", one.name, href=f"/lists/{list_id}"))
    shown_why = tag("div", lists.reasons(why, zone_of(request, visitor)), class_="panel")
    return shown(document(title, visitor, "lists", tag("h1", title), back, shown_why))


def _known(request: Request, visitor: Visitor, list_id: UUID) -> ListDocument:
    commander = desk_of(request).commander
    stream = commands.stream_of(list_id)
    return commands.known(
        commander.find(visitor.principal.workspace, stream, ListDocument).document
    )


def _rule(request: Request, visitor: Visitor, list_id: UUID) -> Markup:
    body = _body(request, visitor, list_id)
    says = lists.rule(explain(parse_rule(body, UUID)) if body is not None else ())
    return tag("div", says, builder.linked(list_id))


def _body(request: Request, visitor: Visitor, list_id: UUID) -> dict[str, Any] | None:
    """The rule that was published last."""
    commander, stream = desk_of(request).commander, definitions.stream_of(list_id)
    found = commander.find(visitor.principal.workspace, stream, DefinitionDocument).document
    return found.published_body if found else None
