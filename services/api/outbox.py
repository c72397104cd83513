"""The outbox of an activity: what a sender takes out, hands over and reports as sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from events.cursor import Cursor
from schemas.errors import MoveRefused
from schemas.fields import Timestamp
from schemas.views import View
from services.api.call import Call, Reading
from services.api.desk import AtDesk, Desk, show
from services.api.messages import MessageAddresses
from services.api.paging import reading_cursor
from services.api.parameters import MOST, PageParameters
from services.distribution.outbox import Outbox

router = APIRouter(tags=["activities"])


class OutgoingMessage(MessageAddresses):
    """A message to be handed over; ``address`` is null if its recipient no longer has that one."""

    address: str | None
    content_version_id: UUID
    prepared_at: Timestamp


class OutboxAnswer(View):
    """Messages in the order they were stored. Ask again from ``position`` for those behind them.

    ``left`` is how many of the audience nothing was decided on yet.
    """

    data: list[OutgoingMessage]
    position: str
    left: int


@router.get("/activities/{activity_id}/outbox", response_model=OutboxAnswer)
def read_outbox(
    activity_id: UUID, page: Annotated[PageParameters, Query()], call: Reading, desk: AtDesk
) -> Response:
    """The messages prepared for the members of lists, from a position on."""
    outbox = _outbox(activity_id, call, desk)
    with reading_cursor(page.cursor):
        data, position = outbox.page(page.cursor, page.limit, outbox.known())
    return show({"data": data, "position": position, "left": outbox.left})


@router.get("/activities/{activity_id}/outbox/file", response_class=StreamingResponse)
def download_outbox(activity_id: UUID, call: Reading, desk: AtDesk) -> StreamingResponse:
    """All messages prepared by now, a JSON object a line, for senders that take files.

    Ends early where the campaign is suspended or the activity canceled meanwhile.
    """
    # Whether there is anything to send, and known already, is told before it begins.
    outbox = _outbox(activity_id, call, desk)
    known = outbox.known()
    outbox.page(None, 1, known)
    name = f"activity-{activity_id}.ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(
        _lines(activity_id, call, desk, known), media_type="application/x-ndjson", headers=headers
    )


def _lines(activity_id: UUID, call: Call, desk: Desk, known: Cursor) -> Iterator[bytes]:
    position: str | None = None
    while True:
        try:
            data, position = _outbox(activity_id, call, desk).page(position, MOST, known)
        except MoveRefused:
            return
        if not data:
            return
        yield b"".join(orjson.dumps(one) + b"\n" for one in data)


def _outbox(activity_id: UUID, call: Call, desk: Desk) -> Outbox:
    return Outbox(call.parts, desk.commander, call.workspace, activity_id)
