"""Responses: entered by hand, listed, read."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.channels import Channel
from schemas.decisions.response import (
    ResponseCaptured,
    ResponseCode,
    ResponseType,
)
from schemas.documents import DefinitionDocument
from schemas.errors import Fault, InvalidInput, MalformedRequest, NotFound
from schemas.fields import Ref, Text
from schemas.ids import named_id, response_id
from schemas.instants import Precision, parse_instant, to_datetime
from schemas.lifecycles import ResponseStatus
from schemas.views import Past, PastRows, ResponseFilter, ResponseView
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Body, Deed, Desk
from services.api.paging import listed_views, reading_cursor
from services.api.parameters import PATIENCE, PageParameters, PastParameters, ReadParameters, moment
from services.commands import activities, campaigns, definitions, responses
from services.commands.commander import Change
from services.commands.responses import GuardedResponse

router = APIRouter(prefix="/responses", tags=["responses"])
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Short = Annotated[str, Field(min_length=1, max_length=50)]
Long = Annotated[str, Field(min_length=1, max_length=100)]


class NewResponse(Body):
    """A response as a person or another system tells of it: who, what, when, to which campaign."""

    campaign_id: UUID
    type: ResponseType
    received_at: Annotated[
        str | None, Field(max_length=40, description="An RFC 3339 time, or a date; else now.")
    ] = None
    customer: Ref | None = None
    visitor_id: UUID | None = None
    first_name: Short | None = None
    last_name: Short | None = None
    company_name: Long | None = None
    email: Long | None = None
    telephone: Short | None = None
    fax: Short | None = None
    channel: Channel | None = None
    subject: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    activity_id: UUID | None = None
    code: ResponseCode | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    description: Text | None = None
    source: Literal["manual", "api"] = "manual"


class ResponseQuery(PageParameters, PastParameters):
    """Which responses to list, and of which past; every part that is given must hold.

    ``definition`` is a promotion rule, ``version`` its version.
    """

    campaign_id: UUID | None = None
    channel: Channel | Literal["web"] | None = None
    type: ResponseType | None = None
    status: ResponseStatus | None = None
    code: ResponseCode | None = None
    owner_id: UUID | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    received_from: Annotated[str | None, Field(description="From this moment on.")] = None
    received_to: Annotated[str | None, Field(description="Before this moment.")] = None
    definition: UUID | None = None

    def filter(self, past: Past, version: int | None) -> ResponseFilter:
        """The conditions for the read side."""
        return ResponseFilter(
            as_of=past.as_of,
            known_at=past.known_at,
            definition=self.definition,
            version=version,
            campaign_id=self.campaign_id,
            channel=self.channel,
            type=self.type,
            status=self.status.value if self.status else None,
            code=self.code,
            owner_id=self.owner_id,
            country=self.country,
            received_from=moment(self.received_from, "received_from"),
            received_to=moment(self.received_to, "received_to"),
        )


@router.post("", status_code=201, response_model=answers.ResponseAnswer)
def enter_response(body: NewResponse, call: Writing, desk: AtDesk) -> Response:
    """Enter a response by hand; the same Idempotency-Key always means the same response."""
    key = call.required_key()
    _checked_place(desk, call, body)
    name = response_id(call.workspace, body.campaign_id, body.source, key)
    payload = _captured(body, name)
    address = body.email or body.telephone or body.fax
    address_hash = call.parts.sealer.hash_of(call.workspace, address) if address else None
    key_name = responses.key_of(payload, address_hash, _first_event(call, name))

    def decide(document: GuardedResponse | None) -> Change[GuardedResponse]:
        if document is not None:
            return Change(document=document)
        return responses.capture(payload, key_name, address, call.parts.clock())

    deed = Deed(desk, call, GuardedResponse, answers.response)
    return deed.do(responses.stream_of(name), decide, status=201)


@router.get("", response_model=PastRows[ResponseView])
def list_responses(
    request: Request, query: Annotated[ResponseQuery, Query()], call: Reading, desk: AtDesk
) -> Response:
    """The responses for which every given condition holds, in the order they were received."""
    only = query.filter(query.past(call.parts), _rule_version(query, call, desk))
    query.await_position(call.parts)
    with reading_cursor(query.cursor):
        rows = call.parts.reads.responses(call.workspace, only, query.cursor, query.limit)
    return listed_views(request, rows)


def _rule_version(query: ResponseQuery, call: Call, desk: Desk) -> int | None:
    """The version of the rule that is asked for, if one is."""
    if query.version is None:
        return None
    if query.definition is None:
        detail = "A version is one of a rule: name the rule as definition."
        raise MalformedRequest(detail, (Fault("/definition", detail),))
    found = desk.find(call, definitions.stream_of(query.definition), DefinitionDocument)
    rule = definitions.known(found.document, query.definition)
    return query.version_of("rule", rule.published_version or rule.version)


@router.get("/{response}", response_model=ResponseView)
def read_response(
    response: UUID, query: Annotated[ReadParameters, Query()], call: Reading, desk: AtDesk
) -> Response:
    """One response, also a retracted one."""
    query.await_position(call.parts)
    view = _view(call, desk, response)
    etag = {"ETag": f'"{view.version}"'}
    return Response(view.model_dump_json(), media_type="application/json", headers=etag)


def _view(call: Call, desk: Desk, response: UUID) -> ResponseView:
    reads = call.parts.reads
    try:
        return reads.response(call.workspace, response)
    except NotFound:
        if not desk.exists(call, responses.stream_of(response)):
            raise
    # The gate has it, so the read models only need to catch up with the log.
    reads.wait_for(call.parts.log.heads(), PATIENCE)
    return reads.response(call.workspace, response)


def _checked_place(desk: Desk, call: Call, body: NewResponse) -> None:
    faults = []
    if not desk.exists(call, campaigns.stream_of(body.campaign_id)):
        faults.append(Fault("/campaign_id", "There is no such campaign in this workspace."))
    if body.activity_id and not desk.exists(call, activities.stream_of(body.activity_id)):
        faults.append(Fault("/activity_id", "There is no such activity in this workspace."))
    if faults:
        raise InvalidInput("The response belongs to nothing that exists.", tuple(faults))


def _captured(body: NewResponse, name: UUID) -> ResponseCaptured:
    said = body.model_dump(exclude={"received_at"}, exclude_none=True)
    channel = responses.CHANNEL_OF_TYPE[body.type]
    said = {"channel": channel, "subject": f"Response: {body.type}", **said}
    said |= {"response_id": name, "source": body.source}
    if body.received_at is not None:
        said["received_at"] = _received(body.received_at)
        said["precision"] = Precision.DAY if _DAY.fullmatch(body.received_at) else Precision.SECOND
    return ResponseCaptured.model_validate(said)


def _received(text: str) -> object:
    try:
        return to_datetime(parse_instant(text))
    except ValueError as error:
        detail = "Give an RFC 3339 time with an offset, or a date."
        raise InvalidInput(detail, (Fault("/received_at", str(error)),)) from error


def _first_event(call: Call, name: UUID) -> UUID:
    return named_id(call.workspace, *responses.stream_of(name), 1)
