"""What a person does with a response: review, classify, assign, route, convert, close and so on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from schemas.decisions.response import ResponseCode, ResponseCorrections
from schemas.documents import CampaignDocument
from schemas.errors import NotFound
from schemas.fields import Money, Ref, Text, Timestamp
from services.api import answers
from services.api.call import Call, Writing
from services.api.desk import AtDesk, Deed, Desk, Versioned
from services.commands import campaigns, conversions, responses
from services.commands.commander import Change
from services.commands.money import checked_money
from services.commands.responses import GuardedResponse

router = APIRouter(prefix="/responses/{response}", tags=["responses"])
Step = Callable[[GuardedResponse], Change[GuardedResponse]]


class Moved(Versioned):
    """Why, and for a canceled one, which response it repeats."""

    reason: Annotated[str, Field(max_length=200)] = ""
    duplicate_of: UUID | None = None


class Classified(Versioned):
    """What the person meant."""

    code: ResponseCode


class Assigned(Versioned):
    """Who takes care of it."""

    owner_id: UUID


class Routed(Versioned):
    """Which department gets it."""

    target: Annotated[str, Field(min_length=1, max_length=100)]
    owner_id: UUID | None = None


class Corrected(Versioned):
    """The fields to set anew."""

    changes: ResponseCorrections


class FollowedUp(Versioned):
    """How and when someone got back to the person; without a time, now."""

    medium: Literal["call", "email", "visit", "other"]
    at: Timestamp | None = None


class Converted(Versioned):
    """What the response becomes; without a target, a new record is made where the kind allows."""

    kind: Literal["lead", "existing_lead", "opportunity", "order", "quote"]
    target: Ref | None = None
    customer: Ref | None = None
    estimated_value: Money | None = None
    evidence: dict[str, Any] = Field(default_factory=dict, max_length=50)


class Reversed(Versioned):
    """Which conversion is taken back, and why."""

    target: Ref
    reason: Text


def _do(call: Call, desk: Desk, response: UUID, body: Versioned | None, step: Step) -> Response:
    def decide(document: GuardedResponse | None) -> Change[GuardedResponse]:
        return step(document or _undecided(call, response))

    deed = Deed(desk, call, GuardedResponse, answers.response)
    expected = body.expected_version if body else None
    return deed.do(responses.stream_of(response), decide, expected=expected)


def _mover(verb: str) -> None:
    def move_response(
        response: UUID, call: Writing, desk: AtDesk, body: Moved | None = None
    ) -> Response:
        said = body or Moved()
        step = partial(
            responses.move,
            event_type=responses.MOVES[verb],
            reason=said.reason,
            duplicate_of=said.duplicate_of,
            now=call.parts.clock(),
        )
        if said.duplicate_of is not None:
            _checked_known(call, desk, said.duplicate_of)
        return _do(call, desk, response, body, step)

    router.add_api_route(
        f"/{verb}",
        move_response,
        methods=["POST"],
        response_model=answers.ResponseAnswer,
        name=f"{verb}_response",
        summary=f"{verb.capitalize()} a response",
    )


for _verb in responses.MOVES:
    _mover(_verb)


@router.post("/classify", response_model=answers.ResponseAnswer)
def classify_response(response: UUID, body: Classified, call: Writing, desk: AtDesk) -> Response:
    """Say what the person meant; do_not_send also withdraws consent for all marketing."""
    address = _address(call, response) if body.code == "do_not_send" else None
    step = partial(
        responses.classify,
        code=body.code,
        by=call.principal.name,
        address=address,
        now=call.parts.clock(),
    )
    return _do(call, desk, response, body, step)


@router.post("/assign", response_model=answers.ResponseAnswer)
def assign_response(response: UUID, body: Assigned, call: Writing, desk: AtDesk) -> Response:
    """Give a response an owner."""
    step = partial(responses.assign, owner_id=body.owner_id, now=call.parts.clock())
    return _do(call, desk, response, body, step)


@router.post("/route", response_model=answers.ResponseAnswer)
def route_response(response: UUID, body: Routed, call: Writing, desk: AtDesk) -> Response:
    """Hand a response over to a department; twice to the same one is one effect."""
    step = partial(
        responses.route, target=body.target, owner_id=body.owner_id, now=call.parts.clock()
    )
    return _do(call, desk, response, body, step)


@router.post("/correct", response_model=answers.ResponseAnswer)
def correct_response(response: UUID, body: Corrected, call: Writing, desk: AtDesk) -> Response:
    """Set some of a response's fields anew."""
    step = partial(responses.correct, changes=body.changes, now=call.parts.clock())
    return _do(call, desk, response, body, step)


@router.post("/followup", response_model=answers.ResponseAnswer)
def follow_up_response(response: UUID, body: FollowedUp, call: Writing, desk: AtDesk) -> Response:
    """Record that someone got back to the person."""
    step = partial(responses.follow_up, medium=body.medium, at=body.at, now=call.parts.clock())
    return _do(call, desk, response, body, step)


@router.post("/convert", response_model=answers.ResponseAnswer)
def convert_response(response: UUID, body: Converted, call: Writing, desk: AtDesk) -> Response:
    """Convert a response to a sales record; the same command twice names the same record."""
    if body.estimated_value is not None:
        base = call.parts.access.workspace(call.workspace).base_currency
        checked_money(body.estimated_value, base, "/estimated_value")
    wish = conversions.Wish(
        kind=body.kind,
        target=body.target,
        customer=body.customer,
        estimated_value=body.estimated_value,
        evidence=body.evidence,
    )

    def step(document: GuardedResponse) -> Change[GuardedResponse]:
        stream = campaigns.stream_of(document.campaign_id)
        campaign = desk.find(call, stream, CampaignDocument).document
        return conversions.convert(document, campaign, wish, call.parts.clock())

    return _do(call, desk, response, body, step)


@router.post("/reverse", response_model=answers.ResponseAnswer)
def reverse_conversion(response: UUID, body: Reversed, call: Writing, desk: AtDesk) -> Response:
    """Take a conversion back."""
    step = partial(
        conversions.reverse, target=body.target, reason=body.reason, now=call.parts.clock()
    )
    return _do(call, desk, response, body, step)


def _undecided(call: Call, response: UUID) -> GuardedResponse:
    """A response that a rule made and nobody has decided on. Raises ``NotFound``."""
    reads = call.parts.reads
    view = reads.response(call.workspace, response)
    key_name = reads.response_key(call.workspace, response)
    customer = _customer(call, view.customer) or _customer(call, key_name)
    return responses.guarded(view, key_name, customer)


def _customer(call: Call, text: str | None) -> Ref | None:
    """The record that a text names, as ``kind:id``, or as the id of a contact."""
    kind, _, name = (text or "").rpartition(":")
    try:
        record = UUID(name)
        if not kind:  # it may as well be a visitor
            call.parts.reads.contact(call.workspace, record)
    except (ValueError, NotFound):
        return None
    return Ref(kind=kind or "contact", id=record)


def _address(call: Call, response: UUID) -> str | None:
    """The clear address that the person answered from, or the one their record has."""
    reads = call.parts.reads
    try:
        view = reads.response(call.workspace, response)
    except NotFound:
        # Not in the read models yet: then the key alone says whose consent it is.
        return None
    told = [view.contact.get(name) for name in ("email", "telephone", "fax")]
    customer = _customer(call, view.customer)
    if customer is not None and customer.kind == "contact":
        told += _addresses(call, customer.id)
    return next((address for address in told if isinstance(address, str) and address), None)


def _addresses(call: Call, contact: UUID) -> list[str | None]:
    try:
        record = call.parts.reads.contact(call.workspace, contact)
    except NotFound:
        return []  # a customer may be named before their own system tells of them
    return [*record.email, record.telephone, record.mobile]


def _checked_known(call: Call, desk: Desk, response: UUID) -> None:
    if not desk.exists(call, responses.stream_of(response)):
        call.parts.reads.response(call.workspace, response)
