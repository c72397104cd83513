"""Messages of an activity: prepared in bulk, each with its pixel, its links and its headers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from schemas.documents import ActivityDocument
from schemas.views import View
from services.api.activities import campaign_of
from services.api.call import Writing
from services.api.desk import AtDesk, Body, show
from services.commands import activities, messages
from services.commands.messages import MOST_AT_ONCE, Recipient
from services.distribution.tracking import Tracking, addresses_of

router = APIRouter(tags=["activities"])


class NewMessage(Body):
    """Whom to write to, and where."""

    recipient: UUID
    address: Annotated[str, Field(min_length=1, max_length=320)]


class MessageAddresses(View):
    """A message's id and the addresses that go into it."""

    recipient: UUID
    message_id: UUID
    pixel_url: str
    links: dict[str, str]
    unsubscribe_url: str
    headers: dict[str, str]
    metadata: dict[str, str]


class MessageAnswer(MessageAddresses):
    """A prepared message; ``repeated`` if it was before."""

    repeated: bool


class MessagesAnswer(View):
    """The messages in the order they were asked for."""

    data: list[MessageAnswer]
    position: str


Recipients = Annotated[list[NewMessage], Field(min_length=1, max_length=MOST_AT_ONCE)]


@router.post("/activities/{activity_id}/messages", response_model=MessagesAnswer)
def prepare_messages(activity_id: UUID, body: Recipients, call: Writing, desk: AtDesk) -> Response:
    """Prepare messages to up to 1,000 recipients; asked again, they are the same ones."""
    found = desk.find(call, activities.stream_of(activity_id), ActivityDocument)
    activity = activities.known(found.document)
    campaign = campaign_of(desk, call, activity.campaign_id).document
    recipients = [Recipient(item.recipient, item.address) for item in body]
    prepared = messages.prepare(call.workspace, activity, campaign, recipients)
    # The ids follow from activity and recipient, so a repeat needs no kept reply.
    appended = desk.commander.append(call.order(), tuple(one.step for one in prepared))
    tracking = Tracking(call.parts, call.workspace, messages.content_of(activity))
    data = [
        {
            **addresses_of(tracking, one.recipient.record_id, one.message_id),
            "repeated": index in appended.duplicates,
        }
        for index, one in enumerate(prepared)
    ]
    return show({"data": data, "position": appended.position})
