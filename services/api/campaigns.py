"""Campaigns: create, read, change, move, copy, pay for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.clock import random_id
from schemas.decisions.campaign import CampaignFields
from schemas.documents import ActivityDocument, CampaignDocument
from schemas.fields import Currency, Money, Ref
from schemas.views import Rows
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Deed, Desk, Versioned, show
from services.api.paging import listed, page_of
from services.api.parameters import Page
from services.commands import campaigns
from services.commands.commander import Change, Decide, Found
from services.commands.money import checked_amounts, checked_money

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


class NewCampaign(CampaignFields):
    """A campaign to be created: its name, and any of its fields."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    kind: Literal["standard", "quick"] = "standard"
    currency: Currency | None = None

    def fields(self) -> CampaignFields:
        """What is said beside name, kind and currency."""
        return CampaignFields.model_validate(
            self.model_dump(exclude_unset=True, exclude={"name", "kind", "currency"})
        )


class CampaignChange(CampaignFields):
    """Fields to be set anew; absent and null ones stay as they are."""

    expected_version: Annotated[int, Field(ge=0, lt=2**31)] | None = None

    def fields(self) -> CampaignFields:
        """The fields alone."""
        return CampaignFields.model_validate(
            self.model_dump(exclude_unset=True, exclude={"expected_version"})
        )


class Reason(Versioned):
    """Why a campaign is moved."""

    reason: Annotated[str, Field(max_length=200)] | None = None


class Cost(Versioned):
    """Money spent."""

    cost: Money


class Item(Versioned):
    """A product, document, list or campaign to be tied to a campaign, or untied."""

    item: Ref
    linked: bool = True


def _deed(desk: Desk, call: Call) -> Deed[CampaignDocument]:
    return Deed(desk, call, CampaignDocument, answers.campaign)


def finder(desk: Desk, call: Call) -> campaigns.FindCampaign:
    """Finds campaigns of the caller's workspace."""

    def find(campaign_id: UUID) -> Found[CampaignDocument]:
        return desk.find(call, campaigns.stream_of(campaign_id), CampaignDocument)

    return find


def _on_known(
    decide: Callable[[CampaignDocument], Change[CampaignDocument]],
) -> Decide[CampaignDocument]:
    return lambda document: decide(campaigns.known(document))


def base_currency(call: Call) -> str:
    """The currency that the caller's workspace sums up in."""
    return call.parts.access.workspace(call.workspace).base_currency


@router.post("", status_code=201, response_model=answers.CampaignAnswer)
def create_campaign(body: NewCampaign, call: Writing, desk: AtDesk) -> Response:
    """Create a campaign, proposed."""
    call.required_key()
    checked_amounts(body, base_currency(call))
    return _created(
        desk, call, name=body.name, kind=body.kind, currency=body.currency, fields=body.fields()
    )


def _created(
    desk: Desk,
    call: Call,
    *,
    name: str,
    kind: str,
    currency: str | None,
    fields: CampaignFields,
    source: dict[str, Any] | None = None,
) -> Response:
    campaign_id = random_id(call.parts.random)

    def decide(_: CampaignDocument | None) -> Change[CampaignDocument]:
        return campaigns.create(
            campaign_id,
            name=name,
            kind=kind,
            currency=currency or base_currency(call),
            fields=fields,
            find=finder(desk, call),
            source=source,
        )

    return _deed(desk, call).do(campaigns.stream_of(campaign_id), decide, status=201)


@router.get("", response_model=Rows[answers.CampaignAnswer])
def list_campaigns(request: Request, page: Page, call: Reading, desk: AtDesk) -> Response:
    """The campaigns of the workspace, in the order of their ids."""
    found = desk.commander.find_all(call.workspace, "campaign", CampaignDocument)
    chosen, further = page_of(found, lambda f: f.stream.id, page.cursor, page.limit)
    shown = [answers.campaign(f.document, f.version) for f in chosen if f.document]
    return listed(request, shown, further)


@router.get("/{campaign_id}", response_model=answers.CampaignAnswer)
def read_campaign(campaign_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """One campaign."""
    found = desk.find(call, campaigns.stream_of(campaign_id), CampaignDocument)
    return show(answers.campaign(campaigns.known(found.document), found.version))


@router.patch("/{campaign_id}", response_model=answers.CampaignAnswer)
def change_campaign(
    campaign_id: UUID, body: CampaignChange, call: Writing, desk: AtDesk
) -> Response:
    """Set some of a campaign's fields anew."""
    checked_amounts(body, base_currency(call))
    decide = _on_known(partial(campaigns.change, changes=body.fields(), find=finder(desk, call)))
    return _deed(desk, call).do(
        campaigns.stream_of(campaign_id), decide, expected=body.expected_version
    )


@router.post("/{campaign_id}/launch", response_model=answers.CampaignAnswer)
def launch_campaign(
    campaign_id: UUID, call: Writing, desk: AtDesk, body: Reason | None = None
) -> Response:
    """Launch a campaign that has a goal, an audience and a scheduled activity."""
    body = body or Reason()

    def decide(document: CampaignDocument | None) -> Change[CampaignDocument]:
        own = activities_of(desk, call, campaign_id)
        now = call.parts.clock()
        return campaigns.launch(campaigns.known(document), own, body.reason, now)

    return _deed(desk, call).do(
        campaigns.stream_of(campaign_id), decide, expected=body.expected_version
    )


def _mover(verb: str) -> None:
    def move_campaign(
        campaign_id: UUID, call: Writing, desk: AtDesk, body: Reason | None = None
    ) -> Response:
        body = body or Reason()
        decide = _on_known(
            partial(
                campaigns.move,
                event_type=campaigns.MOVES[verb],
                reason=body.reason,
                now=call.parts.clock(),
            )
        )
        return _deed(desk, call).do(
            campaigns.stream_of(campaign_id), decide, expected=body.expected_version
        )

    router.add_api_route(
        f"/{{campaign_id}}/{verb}",
        move_campaign,
        methods=["POST"],
        response_model=answers.CampaignAnswer,
        name=f"{verb}_campaign",
        summary=f"{verb.capitalize()} a campaign",
    )


for _verb in campaigns.MOVES:
    if _verb != "launch":  # it has conditions of its own
        _mover(_verb)


@router.post("/{campaign_id}/copy", status_code=201, response_model=answers.CampaignAnswer)
def copy_campaign(
    campaign_id: UUID, call: Writing, desk: AtDesk, body: CampaignChange | None = None
) -> Response:
    """Create a campaign out of another one's fields; it points back to that very version."""
    call.required_key()
    found = desk.find(call, campaigns.stream_of(campaign_id), CampaignDocument)
    origin = campaigns.known(found.document)
    said = body.fields() if body else CampaignFields()
    checked_amounts(said, base_currency(call))
    return _created(
        desk,
        call,
        name=said.name or f"Copy of {origin.name}"[:128],
        kind=origin.kind,
        currency=origin.currency,
        fields=campaigns.copied_fields(origin, said),
        source={"id": str(campaign_id), "version": found.version},
    )


@router.post("/{campaign_id}/costs", response_model=answers.CampaignAnswer)
def record_campaign_cost(campaign_id: UUID, body: Cost, call: Writing, desk: AtDesk) -> Response:
    """Record money spent on a campaign beside its activities; entries add up."""
    checked_money(body.cost, base_currency(call), "/cost")
    decide = _on_known(partial(campaigns.record_cost, cost=body.cost))
    return _deed(desk, call).do(
        campaigns.stream_of(campaign_id), decide, expected=body.expected_version
    )


@router.post("/{campaign_id}/items", response_model=answers.CampaignAnswer)
def link_campaign_item(campaign_id: UUID, body: Item, call: Writing, desk: AtDesk) -> Response:
    """Tie a product, document, list or campaign to a campaign, or untie it."""
    decide = _on_known(partial(campaigns.link_item, item=body.item, linked=body.linked))
    return _deed(desk, call).do(
        campaigns.stream_of(campaign_id), decide, expected=body.expected_version
    )


def activities_of(desk: Desk, call: Call, campaign_id: UUID) -> list[Found[ActivityDocument]]:
    """The activities of a campaign, in the order of their ids."""
    found = desk.commander.find_all(call.workspace, "activity", ActivityDocument)
    return [f for f in found if f.document and f.document.campaign_id == campaign_id]
