"""Marketing lists: static ones with their members, dynamic ones with their rule, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.calendar import days_between
from schemas.clock import random_id
from schemas.decisions.lists import ListFields, MemberType
from schemas.documents import DefinitionDocument, ListDocument
from schemas.errors import Fault, MalformedRequest, NotFound
from schemas.instants import DAY
from schemas.rules.explaining import explain
from schemas.rules.parsing import parse_rule
from schemas.views import FlowView, MemberView, Past, PastRows, PreviewView, Rows, View, WhyView
from services.access import Scope
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Body, Deed, Desk, show
from services.api.paging import listed, listed_views, page_of, reading_cursor
from services.api.parameters import (
    KnownAt,
    Page,
    PageParameters,
    ReadParameters,
    known_at,
    moment,
)
from services.commands import definitions, lists
from services.commands.commander import Change

router = APIRouter(prefix="/lists", tags=["lists"])
MOST_DAYS = 400


class NewList(ListFields):
    """A list to be made: its name, what it takes, and any of its fields."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    kind: Literal["static", "dynamic"]
    member_type: MemberType

    def fields(self) -> ListFields:
        """What is said beside name, kind and type."""
        said = self.model_dump(exclude_unset=True, exclude={"name", "kind", "member_type"})
        return ListFields.model_validate(said)


class MembersChange(Body):
    """Records to be put on a static list, or taken off."""

    members: Annotated[list[UUID], Field(min_length=1, max_length=lists.MOST_MEMBERS)]
    member_type: MemberType
    reason: Annotated[str, Field(max_length=200)] = ""


class RuleAnswer(View):
    """The rule of a dynamic list that was published last, and the same in words."""

    list_id: UUID
    definition_version: int
    rule: dict[str, Any]
    says: list[str]


class RuleSaid(View):
    """A rule that can be published, in words, and all that it reads."""

    says: list[str]
    reads: list[str]


class PreviewAnswer(PreviewView):
    """A part of what a rule would change, and the rule in words."""

    says: list[str]


class MembersQuery(PageParameters, ReadParameters):
    """Which page of the members, and of which moment."""

    as_of: Annotated[
        str | None, Field(max_length=40, description="The members as they were at this time.")
    ] = None
    known_at: KnownAt = None
    version: Annotated[
        int | None, Field(ge=1, lt=2**31, description="By this version of the list's rule.")
    ] = None


class FlowQuery(ReadParameters):
    """From when on, and until before when; without, from the beginning until now."""

    since: Annotated[str | None, Field(max_length=40, alias="from")] = None
    until: Annotated[str | None, Field(max_length=40, alias="to")] = None
    by: Annotated[Literal["day"] | None, Field(description="Steps of the span.")] = None
    known_at: KnownAt = None


class WhyQuery(ReadParameters):
    """Of which moment the reasons are."""

    as_of: Annotated[
        str | None, Field(max_length=40, description="The reasons as they were at this time.")
    ] = None
    known_at: KnownAt = None


def _deed(desk: Desk, call: Call) -> Deed[ListDocument]:
    return Deed(desk, call, ListDocument, answers.marketing_list)


def _on_known(
    decide: Callable[[ListDocument], Change[ListDocument]],
) -> Callable[[ListDocument | None], Change[ListDocument]]:
    return lambda document: decide(lists.known(document))


def _named(desk: Desk, call: Call) -> Callable[[str], UUID | None]:
    """Lists by id or by name."""
    found = [
        one.document
        for one in desk.commander.find_all(call.workspace, "list", ListDocument)
        if one.document
    ]
    by_name = {one.name: one.list_id for one in found} | {str(o.list_id): o.list_id for o in found}
    return by_name.get


def _bodies(desk: Desk, call: Call) -> lists.Bodies:
    def body(list_id: UUID) -> dict[str, Any] | None:
        stream = definitions.stream_of(list_id)
        found = desk.find(call, stream, DefinitionDocument).document
        return found.published_body if found else None

    return body


def _known(desk: Desk, call: Call, list_id: UUID) -> ListDocument:
    return lists.known(desk.find(call, lists.stream_of(list_id), ListDocument).document)


@router.post("", status_code=201, response_model=answers.ListAnswer)
def create_list(body: NewList, call: Writing, desk: AtDesk) -> Response:
    """Make a list; kind and type of members never change."""
    call.required_key()
    list_id = random_id(call.parts.random)
    made = ListDocument(
        list_id=list_id,
        name=body.name,
        kind=body.kind,
        member_type=body.member_type,
        fields=body.fields(),
    )
    return _deed(desk, call).do(lists.stream_of(list_id), lambda _: lists.create(made), status=201)


@router.get("", response_model=Rows[answers.ListAnswer])
def list_lists(request: Request, page: Page, call: Reading, desk: AtDesk) -> Response:
    """The workspace's lists, in the order of their ids."""
    found = desk.commander.find_all(call.workspace, "list", ListDocument)
    chosen, further = page_of(found, lambda one: one.stream.id, page.cursor, page.limit)
    shown = [answers.marketing_list(o.document, o.version) for o in chosen if o.document]
    return listed(request, shown, further)


@router.post("/explain", response_model=RuleSaid)
def explain_rule(body: dict[str, Any], call: Reading, desk: AtDesk) -> Response:
    """What a rule says, in words; one that cannot be published is refused with every fault."""
    rule = parse_rule(body, _named(desk, call))
    return show({"says": explain(rule), "reads": sorted(rule.reads)})


@router.get("/{list_id}", response_model=answers.ListAnswer)
def read_list(
    list_id: UUID, query: Annotated[ReadParameters, Query()], call: Reading, desk: AtDesk
) -> Response:
    """One list, with how many members it has."""
    query.await_position(call.parts)
    found = desk.find(call, lists.stream_of(list_id), ListDocument)
    shown = answers.marketing_list(lists.known(found.document), found.version)
    count = call.parts.reads.member_count(call.workspace, list_id)
    return show({**shown, "member_count": count})


@router.patch("/{list_id}", response_model=answers.ListAnswer)
def change_list(list_id: UUID, body: ListFields, call: Writing, desk: AtDesk) -> Response:
    """Change something about a list."""
    decide = _on_known(lambda document: lists.change(document, body))
    return _deed(desk, call).do(lists.stream_of(list_id), decide)


def _turn(event_type: str, list_id: UUID, call: Call, desk: Desk) -> Response:
    decide = _on_known(lambda document: lists.turn(document, event_type))
    return _deed(desk, call).do(lists.stream_of(list_id), decide)


@router.post("/{list_id}/lock", response_model=answers.ListAnswer)
def lock_list(list_id: UUID, call: Writing, desk: AtDesk) -> Response:
    """Refuse changes of members and rule from now on."""
    return _turn("list.locked", list_id, call, desk)


@router.post("/{list_id}/unlock", response_model=answers.ListAnswer)
def unlock_list(list_id: UUID, call: Writing, desk: AtDesk) -> Response:
    """Take changes again."""
    return _turn("list.unlocked", list_id, call, desk)


@router.post("/{list_id}/deactivate", response_model=answers.ListAnswer)
def deactivate_list(list_id: UUID, call: Writing, desk: AtDesk) -> Response:
    """Take a list out of use."""
    return _turn("list.deactivated", list_id, call, desk)


@router.post("/{list_id}/reactivate", response_model=answers.ListAnswer)
def reactivate_list(list_id: UUID, call: Writing, desk: AtDesk) -> Response:
    """Take a list into use again."""
    return _turn("list.reactivated", list_id, call, desk)


@router.get("/{list_id}/rule", response_model=RuleAnswer)
def read_rule(list_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """The rule of a dynamic list, and what it says in words."""
    _known(desk, call, list_id)
    found = desk.find(call, definitions.stream_of(list_id), DefinitionDocument).document
    if found is None or found.published_body is None:
        raise NotFound("The list has no rule in force.")
    return show(_rule_shown(found, 0))


@router.post("/{list_id}/rule", response_model=RuleAnswer)
def publish_rule(list_id: UUID, body: dict[str, Any], call: Writing, desk: AtDesk) -> Response:
    """Put a rule, or another one, in force some seconds from now on."""
    stands = desk.find(call, lists.stream_of(list_id), ListDocument)
    resolved = lists.checked_rule(
        lists.known(stands.document), body, _named(desk, call), _bodies(desk, call)
    )

    def decide(document: DefinitionDocument | None) -> Change[DefinitionDocument]:
        return definitions.publish_rule(document, list_id, resolved, stands.unchanged)

    deed = Deed(desk, call, DefinitionDocument, _rule_shown)
    return deed.do(definitions.stream_of(list_id), decide)


@router.post("/{list_id}/rule/preview", response_model=PreviewAnswer)
def preview_rule(
    list_id: UUID, body: dict[str, Any], page: Page, call: Writing, desk: AtDesk
) -> Response:
    """What a rule would change, before it is published: who of the next records joins or leaves.

    Ask again with ``next_cursor`` for the records behind them, until it is null. Whoever may write
    rules may ask, if he may see members too.
    """
    call.principal.require(Scope.READ)
    stands = _known(desk, call, list_id)
    resolved = lists.checked_rule(stands, body, _named(desk, call), _bodies(desk, call))
    with reading_cursor(page.cursor):
        view = call.parts.reads.preview(call.workspace, list_id, resolved, page.cursor, page.limit)
    says = explain(parse_rule(resolved, UUID))
    return show({**view.model_dump(mode="json"), "says": says})


def _rule_shown(document: DefinitionDocument, _revision: int) -> dict[str, Any]:
    body = document.published_body or {}
    return {
        "list_id": str(document.definition_id),
        "definition_version": document.version,
        "rule": body,
        "says": explain(parse_rule(body, UUID)),
    }


@router.post("/{list_id}/members", response_model=answers.ListAnswer)
def add_members(list_id: UUID, body: MembersChange, call: Writing, desk: AtDesk) -> Response:
    """Put up to 1,000 records on a static list; those on it already stay."""
    return _put(list_id, body, call, desk, on=True)


@router.post("/{list_id}/members/remove", response_model=answers.ListAnswer)
def remove_members(list_id: UUID, body: MembersChange, call: Writing, desk: AtDesk) -> Response:
    """Take up to 1,000 records off a static list."""
    return _put(list_id, body, call, desk, on=False)


def _put(list_id: UUID, body: MembersChange, call: Call, desk: Desk, *, on: bool) -> Response:
    decide = _on_known(
        lambda document: lists.put(document, body.members, body.member_type, body.reason, on=on)
    )
    return _deed(desk, call).do(lists.stream_of(list_id), decide)


@router.get("/{list_id}/members", response_model=PastRows[MemberView])
def list_members(
    list_id: UUID,
    request: Request,
    query: Annotated[MembersQuery, Query()],
    call: Reading,
    desk: AtDesk,
) -> Response:
    """The members of a list, by now or as of a moment, in the order of their ids.

    By another version of its rule all records are looked at, so many a page: a page may have no
    members, and is asked on from until ``next_cursor`` is null.
    """
    _known(desk, call, list_id)
    query.await_position(call.parts)
    past = _past(query, call)
    with reading_cursor(query.cursor):
        rows = call.parts.reads.members(
            call.workspace, list_id, past, query.cursor, query.limit, query.version
        )
    return listed_views(request, rows)


@router.get("/{list_id}/flow", response_model=FlowView)
def read_flow(
    list_id: UUID, query: Annotated[FlowQuery, Query()], call: Reading, desk: AtDesk
) -> Response:
    """How many came and went in a span of data time, and how long those stayed who went."""
    _known(desk, call, list_id)
    query.await_position(call.parts)
    since, until = moment(query.since, "from"), moment(query.until, "to")
    now = call.parts.clock()
    first = 0 if since is None else since
    last = now if until is None else until
    if last <= first:
        detail = "The span must end after it begins."
        raise MalformedRequest(detail, (Fault("/to", detail),))
    then = known_at(query.known_at, call.parts)
    bounds = _days(call, first, last) if query.by else [first, last]
    view = call.parts.reads.member_flow(call.workspace, list_id, bounds, then)
    return Response(view.model_dump_json(), media_type="application/json")


@router.get("/{list_id}/members/{member}/why", response_model=WhyView)
def explain_member(
    list_id: UUID,
    member: UUID,
    query: Annotated[WhyQuery, Query()],
    call: Reading,
    desk: AtDesk,
) -> Response:
    """Why a record is a member of a list, or is not: each clause with the events behind it."""
    _known(desk, call, list_id)
    query.await_position(call.parts)
    past = _past(query, call)
    view = call.parts.reads.member_why(call.workspace, list_id, member, past)
    return Response(view.model_dump_json(), media_type="application/json")


def _days(call: Call, since: int, until: int) -> list[int]:
    """The days of a span by the workspace's clock. Raises ``MalformedRequest``."""
    if until - since > MOST_DAYS * DAY:
        detail = f"By day a span has {MOST_DAYS} days at most: send from and to."
        raise MalformedRequest(detail, (Fault("/from", detail),))
    zone = ZoneInfo(call.parts.access.workspace(call.workspace).time_zone)
    return days_between(since, until, zone)


def _past(query: MembersQuery | WhyQuery, call: Call) -> Past:
    return Past(as_of=moment(query.as_of, "as_of"), known_at=known_at(query.known_at, call.parts))
