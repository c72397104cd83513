"""Quick campaigns: one command from a group of people to messages under way."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.audiences import AudienceView
from schemas.channels import Channel
from schemas.clock import random_id
from schemas.decisions.activity import MOST_LISTS, ActivityFields, DistributedList
from schemas.decisions.campaign import CampaignFields, Goal
from schemas.decisions.lists import MemberType
from schemas.documents import AudiencePart, CampaignDocument, DistributionDocument, ListDocument
from schemas.errors import Fault, InvalidInput
from schemas.fields import Currency
from schemas.ids import named_id
from services.api import answers
from services.api.activities import check_content, check_lists
from services.api.call import Call, Writing
from services.api.campaigns import base_currency, finder
from services.api.desk import AtDesk, Deed
from services.api.distributions import running_of
from services.commands import campaigns, distributions, lists, quick
from services.commands.commander import Change
from services.commands.money import checked_amounts
from services.commands.quick import Quick
from services.distribution.knowing import all_accepted
from services.distribution.pinning import pin

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


class NewQuick(CampaignFields):
    """A quick campaign: whom it is for (lists, or records selected by hand), and what is sent."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    goal: Goal
    currency: Currency | None = None
    channel: Channel
    content_version_id: UUID
    list_ids: Annotated[list[UUID], Field(max_length=MOST_LISTS)] = Field(default_factory=list)
    members: Annotated[list[UUID], Field(max_length=lists.MOST_MEMBERS)] = Field(
        default_factory=list
    )
    member_type: MemberType = "contact"
    anti_spam_days: Annotated[int, Field(ge=0, le=9999)] | None = None
    holdout_percent: Annotated[float, Field(ge=0, le=50)] = 0

    def fields(self) -> CampaignFields:
        """What is said of the campaign."""
        said = self.model_dump(exclude_unset=True, include=set(CampaignFields.model_fields))
        return CampaignFields.model_validate({**said, "name": None})


class QuickAnswer(answers.CampaignAnswer):
    """The campaign under way, its one activity, and how many it is for."""

    activity_id: UUID
    list_ids: list[UUID]
    members: int


@router.post("/quick", status_code=201, response_model=QuickAnswer)
def begin_quick_campaign(body: NewQuick, request: Request, call: Writing, desk: AtDesk) -> Response:
    """Create, launch and distribute a campaign with one activity, all of it or nothing."""
    call.required_key()
    checked_amounts(body, base_currency(call))
    check_content(desk, call, body.content_version_id)
    check_lists(desk, call, body.list_ids)
    _check_whom(body)
    wanted = _wanted(body, call)
    begun: list[DistributionDocument] = []

    def decide(_: CampaignDocument | None) -> Change[CampaignDocument]:
        audience, selection = _audience(body, call, wanted)
        pinned = pin(
            desk.commander, call.order(), wanted.activity_id, wanted.campaign_id, audience,
            random_id(call.parts.random),
        )  # fmt: skip
        begun[:] = [pinned]
        change = quick.begin(wanted, pinned, selection, finder(desk, call), call.parts.clock())
        progress = desk.find(
            call, distributions.stream_of(wanted.activity_id), DistributionDocument
        )
        return replace(change, beside=(*change.beside, progress.becoming(pinned)))

    def shown(document: CampaignDocument, version: int) -> dict[str, Any]:
        return {
            **answers.campaign(document, version),
            "activity_id": str(wanted.activity_id),
            "list_ids": [str(one.list_id) for one in begun[0].lists],
            "members": begun[0].members,
        }

    stream = campaigns.stream_of(wanted.campaign_id)
    done = Deed(desk, call, CampaignDocument, shown).do(stream, decide, status=201)
    running_of(request).wake()
    return done


def _check_whom(body: NewQuick) -> None:
    """Whether it is for lists, or for a selection. Raises ``InvalidInput``."""
    if bool(body.list_ids) is bool(body.members):
        detail = "Say whom it is for: either list_ids, or members."
        raise InvalidInput(detail, (Fault("/list_ids", detail),))


def _wanted(body: NewQuick, call: Call) -> Quick:
    return Quick(
        campaign_id=random_id(call.parts.random),
        activity_id=random_id(call.parts.random),
        name=body.name,
        currency=body.currency or base_currency(call),
        channel=body.channel,
        fields=body.fields(),
        activity=ActivityFields(
            subject=body.name,
            content_version_id=body.content_version_id,
            anti_spam_days=body.anti_spam_days,
        ),
        holdout_percent=body.holdout_percent,
    )


def _audience(
    body: NewQuick, call: Call, wanted: Quick
) -> tuple[AudienceView, Change[ListDocument] | None]:
    """Who is on the lists by now; or those who were selected, and the list that is made of them."""
    heads = all_accepted(call.parts.gate, call.parts.log)
    if body.list_ids:
        return call.parts.reads.audience(
            call.workspace, list(dict.fromkeys(body.list_ids)), heads
        ), None
    list_id = named_id(call.workspace, "selection", wanted.activity_id)
    members = tuple(dict.fromkeys(body.members))
    name = f"{wanted.name[:80]} {wanted.campaign_id.hex[:10].upper()}"
    known_at = heads.encode()
    audience = AudienceView(
        known_at=known_at,
        lists=(DistributedList(list_id=list_id, version=0, known_at=known_at),),
        parts=(AudiencePart(list_id=list_id, kind=body.member_type, members=members),),
    )
    return audience, quick.selected(list_id, name, members, body.member_type)
