"""Definitions: drafted, tried, published, retired."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.classifier import CLASSIFIER_ID
from schemas.clock import random_id
from schemas.documents import DefinitionDocument
from schemas.dry_runs import DryRun, DryRunQuery
from schemas.errors import Fault, InvalidInput
from schemas.instants import EARLIEST
from schemas.views import Rows
from services.access import Scope
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Body, Deed, Desk, show, show_view
from services.api.paging import listed, page_of
from services.api.parameters import Page, known_at, moment
from services.commands import definitions
from services.commands.commander import Change
from services.parts import Parts

router = APIRouter(prefix="/definitions", tags=["definitions"])
YEAR = 365 * 86_400_000


class NewDefinition(Body):
    """A first version, or with the id of a definition that exists, its next version."""

    definition_id: UUID | None = None
    kind: Annotated[str, Field(max_length=40)] = "promotion"
    body: dict[str, Any]


class Publishing(Body):
    """Which version is put in force; the newest is the only one that can be."""

    version: Annotated[int, Field(ge=1)] | None = None


class DryRunning(Body):
    """Which version is tried, and over which days: the newest, over the year until now.

    ``known_at`` is a time, or that of an earlier reply. ``limit`` responses of each kind are named.
    """

    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    since: Annotated[str, Field(max_length=40)] | None = Field(default=None, alias="from")
    until: Annotated[str, Field(max_length=40)] | None = Field(default=None, alias="to")
    campaign_id: UUID | None = None
    known_at: Annotated[str, Field(max_length=2048)] | None = None
    limit: Annotated[int, Field(ge=0, le=1000)] = 20


def _deed(desk: Desk, call: Call) -> Deed[DefinitionDocument]:
    return Deed(desk, call, DefinitionDocument, answers.definition)


@router.post("", status_code=201, response_model=answers.DefinitionAnswer)
def draft_definition(body: NewDefinition, call: Writing, desk: AtDesk) -> Response:
    """Draft a definition, or the next version of one; nothing is in force yet."""
    call.required_key()
    own = CLASSIFIER_ID if body.kind == "classifier" else None
    definition_id = body.definition_id or own or random_id(call.parts.random)

    def decide(document: DefinitionDocument | None) -> Change[DefinitionDocument]:
        return definitions.draft(document, definition_id, body.kind, body.body)

    return _deed(desk, call).do(definitions.stream_of(definition_id), decide, status=201)


@router.get("", response_model=Rows[answers.DefinitionAnswer])
def list_definitions(request: Request, page: Page, call: Reading, desk: AtDesk) -> Response:
    """The workspace's definitions, the built-in ones among them, in the order of their ids."""
    shown = {str(d.definition_id): answers.definition(d, 0) for d in definitions.built_in()}
    for found in desk.commander.find_all(call.workspace, "definition", DefinitionDocument):
        if found.document:
            shown[found.stream.id] = answers.definition(found.document, found.version)
    chosen, further = page_of(sorted(shown), str, page.cursor, page.limit)
    return listed(request, [shown[name] for name in chosen], further)


@router.get("/{definition_id}", response_model=answers.DefinitionAnswer)
def read_definition(definition_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """One definition."""
    found = desk.find(call, definitions.stream_of(definition_id), DefinitionDocument)
    document = definitions.known(found.document, definition_id)
    return show(answers.definition(document, found.version))


@router.post("/{definition_id}/dry-run", response_model=DryRun)
def try_definition(
    definition_id: UUID, call: Writing, desk: AtDesk, body: DryRunning | None = None
) -> Response:
    """What a version would have done, had it been in force from the beginning; nothing changes.

    Whoever may write rules may ask, if he may read what they make.
    """
    call.principal.require(Scope.READ)
    found = desk.find(call, definitions.stream_of(definition_id), DefinitionDocument)
    document = definitions.known(found.document, definition_id)
    asked = body or DryRunning()
    query = _query(asked, call.parts, definition_id, definitions.tried(document, asked.version))
    return show_view(call.parts.reads.dry_run(call.workspace, query))


def _query(asked: DryRunning, parts: Parts, definition_id: UUID, version: int) -> DryRunQuery:
    until = moment(asked.until, "to")
    until = parts.clock() if until is None else until
    since = moment(asked.since, "from")
    since = max(EARLIEST, until - YEAR) if since is None else since
    if since >= until:
        detail = "The days asked for must begin before they end."
        raise InvalidInput(detail, (Fault("/from", detail),))
    return DryRunQuery(
        definition_id=definition_id,
        version=version,
        since=since,
        until=until,
        campaign_id=asked.campaign_id,
        known_at=known_at(asked.known_at, parts),
        limit=asked.limit,
    )


@router.post("/{definition_id}/publish", response_model=answers.DefinitionAnswer)
def publish_definition(
    definition_id: UUID, call: Writing, desk: AtDesk, body: Publishing | None = None
) -> Response:
    """Put the newest version in force, for what is recorded some seconds from now on.

    A classifier judges all of history: it is in force once a replay by it is promoted.
    """
    version = body.version if body else None

    def decide(document: DefinitionDocument | None) -> Change[DefinitionDocument]:
        return definitions.publish(definitions.known(document, definition_id), version)

    return _deed(desk, call).do(definitions.stream_of(definition_id), decide)


@router.post("/{definition_id}/retire", response_model=answers.DefinitionAnswer)
def retire_definition(definition_id: UUID, call: Writing, desk: AtDesk) -> Response:
    """Put a definition out of force."""

    def decide(document: DefinitionDocument | None) -> Change[DefinitionDocument]:
        return definitions.retire(definitions.known(document, definition_id))

    return _deed(desk, call).do(definitions.stream_of(definition_id), decide)
