"""Activities: plan, change, schedule, pin an audience, distribute, pay for, end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.channels import Channel
from schemas.clock import random_id
from schemas.decisions.activity import MOST_LISTS, ActivityFields
from schemas.documents import (
    ActivityDocument,
    CampaignDocument,
    DistributionDocument,
    ListDocument,
)
from schemas.errors import Fault, InvalidInput
from schemas.views import Rows
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.campaigns import Cost, activities_of, base_currency
from services.api.desk import AtDesk, Deed, Desk, Versioned, show
from services.api.distributions import running_of
from services.api.paging import listed, page_of
from services.api.parameters import Page
from services.commands import activities, campaigns, distributions, lists, registries
from services.commands.commander import Change, Decide, Found
from services.commands.money import checked_amounts, checked_money
from services.distribution.knowing import all_accepted
from services.distribution.pinning import pin

router = APIRouter(tags=["activities"])


class NewActivity(ActivityFields):
    """An activity to be planned."""

    kind: Literal["planning", "distribution"] = "distribution"
    channel: Channel

    def fields(self) -> ActivityFields:
        """What is said beside kind and channel."""
        return ActivityFields.model_validate(
            self.model_dump(exclude_unset=True, exclude={"kind", "channel"})
        )


class ActivityChange(ActivityFields):
    """Fields to be set anew; absent and null ones stay as they are."""

    expected_version: Annotated[int, Field(ge=0, lt=2**31)] | None = None

    def fields(self) -> ActivityFields:
        """The fields alone."""
        return ActivityFields.model_validate(
            self.model_dump(exclude_unset=True, exclude={"expected_version"})
        )


class Audience(Versioned):
    """An imported audience: which batch, how many, and a digest of who they are."""

    source: Literal["import"] = "import"
    batch_id: UUID
    member_count: Annotated[int, Field(ge=0, lt=2**53)]
    digest: Annotated[str, Field(min_length=1, max_length=200)]


class Distribution(Versioned):
    """What is handed over."""

    list_ids: Annotated[list[UUID], Field(max_length=MOST_LISTS)] = Field(default_factory=list)
    content_version_id: UUID | None = None
    batch_id: UUID | None = None
    holdout_percent: Annotated[float, Field(ge=0, le=50)] = 0


class Plain(Versioned):
    """A step that needs no more than its name."""


def _deed(desk: Desk, call: Call) -> Deed[ActivityDocument]:
    return Deed(desk, call, ActivityDocument, answers.activity)


def _on_known(
    decide: Callable[[ActivityDocument], Change[ActivityDocument]],
) -> Decide[ActivityDocument]:
    return lambda document: decide(activities.known(document))


def campaign_of(desk: Desk, call: Call, campaign_id: UUID) -> Found[CampaignDocument]:
    """A campaign as it stands, present or not."""
    return desk.find(call, campaigns.stream_of(campaign_id), CampaignDocument)


def check_content(desk: Desk, call: Call, content: UUID | None) -> None:
    """Whether there is such a content version, if one is named. Raises ``InvalidInput``."""
    if content is None or desk.exists(call, registries.stream_of("content_version", str(content))):
        return
    detail = "There is no such content version in this workspace."
    raise InvalidInput(detail, (Fault("/content_version_id", detail),))


def check_lists(desk: Desk, call: Call, list_ids: Sequence[UUID] | None) -> None:
    """Whether there are such lists, in use. Raises ``InvalidInput``."""
    faults = []
    for index, list_id in enumerate(list_ids or ()):
        found = desk.find(call, lists.stream_of(list_id), ListDocument).document
        if found is None:
            faults.append(Fault(f"/list_ids/{index}", "There is no such list in this workspace."))
        elif found.filling is not None:
            detail = f"The list {found.name!r} is still being filled. Ask again when it is."
            faults.append(Fault(f"/list_ids/{index}", detail))
        elif not found.active:
            faults.append(Fault(f"/list_ids/{index}", f"The list {found.name!r} is not in use."))
    if faults:
        raise InvalidInput(faults[0].detail, tuple(faults))


@router.post(
    "/campaigns/{campaign_id}/activities",
    status_code=201,
    response_model=answers.ActivityAnswer,
)
def plan_activity(campaign_id: UUID, body: NewActivity, call: Writing, desk: AtDesk) -> Response:
    """Plan an activity of a campaign: a distribution in a channel, or a task."""
    call.required_key()
    checked_amounts(body, base_currency(call))
    check_content(desk, call, body.content_version_id)
    check_lists(desk, call, body.list_ids)
    activity_id = random_id(call.parts.random)

    def decide(_: ActivityDocument | None) -> Change[ActivityDocument]:
        return activities.plan(
            activity_id,
            campaign_of(desk, call, campaign_id),
            kind=body.kind,
            channel=body.channel,
            fields=body.fields(),
            others=len(activities_of(desk, call, campaign_id)),
        )

    return _deed(desk, call).do(activities.stream_of(activity_id), decide, status=201)


@router.get("/campaigns/{campaign_id}/activities", response_model=Rows[answers.ActivityAnswer])
def list_activities(
    campaign_id: UUID, request: Request, page: Page, call: Reading, desk: AtDesk
) -> Response:
    """The activities of a campaign, in the order of their ids."""
    campaigns.known(campaign_of(desk, call, campaign_id).document)
    found = activities_of(desk, call, campaign_id)
    chosen, further = page_of(found, lambda f: f.stream.id, page.cursor, page.limit)
    shown = [answers.activity(f.document, f.version) for f in chosen if f.document]
    return listed(request, shown, further)


@router.get("/activities/{activity_id}", response_model=answers.ActivityAnswer)
def read_activity(activity_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """One activity."""
    found = desk.find(call, activities.stream_of(activity_id), ActivityDocument)
    return show(answers.activity(activities.known(found.document), found.version))


@router.patch("/activities/{activity_id}", response_model=answers.ActivityAnswer)
def change_activity(
    activity_id: UUID, body: ActivityChange, call: Writing, desk: AtDesk
) -> Response:
    """Set some of an activity's fields anew."""
    checked_amounts(body, base_currency(call))
    check_content(desk, call, body.content_version_id)
    check_lists(desk, call, body.list_ids)
    decide = _on_known(partial(activities.change, changes=body.fields()))
    return _deed(desk, call).do(
        activities.stream_of(activity_id), decide, expected=body.expected_version
    )


@router.post("/activities/{activity_id}/schedule", response_model=answers.ActivityAnswer)
def schedule_activity(
    activity_id: UUID, call: Writing, desk: AtDesk, body: ActivityChange | None = None
) -> Response:
    """Give an activity its time; without one it begins at once."""
    body = body or ActivityChange()
    checked_amounts(body, base_currency(call))
    decide = _on_known(partial(activities.schedule, changes=body.fields(), now=call.parts.clock()))
    return _deed(desk, call).do(
        activities.stream_of(activity_id), decide, expected=body.expected_version
    )


@router.post("/activities/{activity_id}/audience", response_model=answers.ActivityAnswer)
def pin_audience(activity_id: UUID, body: Audience, call: Writing, desk: AtDesk) -> Response:
    """Pin an imported audience: rates use these people, whatever happens later."""
    known_at = call.parts.log.heads().encode()
    decide = _on_known(
        partial(
            activities.pin_audience,
            batch_id=body.batch_id,
            member_count=body.member_count,
            digest=body.digest,
            known_at=known_at,
        )
    )
    return _deed(desk, call).do(
        activities.stream_of(activity_id), decide, expected=body.expected_version
    )


@router.post("/activities/{activity_id}/distribute", response_model=answers.ActivityAnswer)
def distribute_activity(
    activity_id: UUID,
    request: Request,
    call: Writing,
    desk: AtDesk,
    body: Distribution | None = None,
) -> Response:
    """Fix the audience for good and let the messages go out.

    The members of lists are decided on afterwards: see the activity's distribution.
    """
    body = body or Distribution()
    check_content(desk, call, body.content_version_id)

    def decide(document: ActivityDocument | None) -> Change[ActivityDocument]:
        standing = activities.known(document)
        if chosen := body.list_ids or standing.fields.list_ids:
            check_lists(desk, call, chosen)
            return _distributed_to_lists(desk, call, standing, chosen, body)
        return activities.distribute(
            standing,
            campaign_of(desk, call, standing.campaign_id),
            content_version_id=body.content_version_id,
            batch_id=body.batch_id,
            holdout_percent=body.holdout_percent,
            now=call.parts.clock(),
        )

    done = _deed(desk, call).do(
        activities.stream_of(activity_id), decide, expected=body.expected_version
    )
    running_of(request).wake()
    return done


def _distributed_to_lists(
    desk: Desk, call: Call, standing: ActivityDocument, chosen: Sequence[UUID], body: Distribution
) -> Change[ActivityDocument]:
    """The members are read and kept first; if the rest fails, they are kept in vain."""
    campaign = campaign_of(desk, call, standing.campaign_id)
    activities.check_for_lists(standing, campaign, body.content_version_id)
    parts = call.parts
    audience = parts.reads.audience(
        call.workspace, list(dict.fromkeys(chosen)), all_accepted(parts.gate, parts.log)
    )
    pinned = pin(
        desk.commander, call.order(), standing.activity_id, standing.campaign_id, audience,
        random_id(parts.random),
    )  # fmt: skip
    change = activities.distribute_to_lists(
        standing,
        campaign,
        pinned,
        content_version_id=body.content_version_id,
        holdout_percent=body.holdout_percent,
        now=parts.clock(),
    )
    progress = distributions.stream_of(standing.activity_id)
    begun = desk.find(call, progress, DistributionDocument).becoming(pinned)
    return replace(change, beside=(begun,))


@router.post("/activities/{activity_id}/costs", response_model=answers.ActivityAnswer)
def record_activity_cost(activity_id: UUID, body: Cost, call: Writing, desk: AtDesk) -> Response:
    """Record money spent on an activity; entries add up."""
    checked_money(body.cost, base_currency(call), "/cost")
    decide = _on_known(partial(activities.record_cost, cost=body.cost))
    return _deed(desk, call).do(
        activities.stream_of(activity_id), decide, expected=body.expected_version
    )


def _ender(verb: str) -> None:
    def end_activity(
        activity_id: UUID, request: Request, call: Writing, desk: AtDesk, body: Plain | None = None
    ) -> Response:
        expected = body.expected_version if body else None

        def decide(document: ActivityDocument | None) -> Change[ActivityDocument]:
            change = activities.end(activities.known(document), activities.ENDS[verb])
            stream = distributions.stream_of(activity_id)
            progress = desk.find(call, stream, DistributionDocument)
            if verb == "close":
                distributions.check_over(progress.document)
            rests_on = (progress.unchanged,) if progress.version else ()
            return replace(change, rests_on=(*change.rests_on, *rests_on))

        done = _deed(desk, call).do(activities.stream_of(activity_id), decide, expected=expected)
        running_of(request).wake()
        return done

    router.add_api_route(
        f"/activities/{{activity_id}}/{verb}",
        end_activity,
        methods=["POST"],
        response_model=answers.ActivityAnswer,
        name=f"{verb}_activity",
        summary=f"{verb.capitalize()} an activity",
    )


for _verb in activities.ENDS:
    _ender(_verb)
