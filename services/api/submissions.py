"""A form's submissions: listed, accepted after all, and asked to be confirmed."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from events.compose import Draft
from events.log import Appended
from schemas.errors import LogUnavailable, NotFound
from schemas.ids import submission_id
from schemas.instants import DAY, Instant, to_datetime
from schemas.registries import FormEntry
from schemas.views import Rows, SubmissionState, SubmissionView, View
from services.api.call import Call, Reading, Writing
from services.api.desk import Body, reply
from services.api.paging import listed_views, reading_cursor
from services.api.parameters import PageParameters, ReadParameters
from services.collector.tokens import Purpose, Token, sign
from services.commands import submissions
from services.metrics import EVENTS_APPENDED

router = APIRouter(prefix="/forms/{form_id}", tags=["registries"])
DAYS_TO_CONFIRM = 30


class SubmissionQuery(PageParameters, ReadParameters):
    """Which submissions to list."""

    state: SubmissionState | None = None


class Asking(Body):
    """Which submission is to be confirmed, by its own id."""

    submission_id: Annotated[str, Field(min_length=1, max_length=200)]


class AskingAnswer(View):
    """The address to send to the person, and nobody else."""

    submission: UUID
    submission_id: str
    confirm_url: str
    expires_at: str
    repeated: bool
    position: str


class AcceptedAnswer(View):
    """What an accepted submission became."""

    submission: UUID
    state: SubmissionState
    repeated: bool
    position: str


@router.get("/submissions", response_model=Rows[SubmissionView])
def list_submissions(
    form_id: UUID, query: Annotated[SubmissionQuery, Query()], request: Request, call: Reading
) -> Response:
    """The submissions of a form, in the order they came; also the rejected ones."""
    _form(call, form_id)
    query.await_position(call.parts)
    with reading_cursor(query.cursor):
        rows = call.parts.reads.submissions(
            call.workspace, form_id, query.state, query.cursor, query.limit
        )
    return listed_views(request, rows)


@router.get("/submissions/{submission}", response_model=SubmissionView)
def read_submission(
    form_id: UUID, submission: UUID, query: Annotated[ReadParameters, Query()], call: Reading
) -> Response:
    """One submission."""
    _form(call, form_id)
    query.await_position(call.parts)
    view = call.parts.reads.submission(call.workspace, form_id, submission)
    return Response(view.model_dump_json(), media_type="application/json")


@router.post("/submissions/{submission}/accept", response_model=AcceptedAnswer)
def accept_submission(form_id: UUID, submission: UUID, call: Writing) -> Response:
    """Take a rejected submission as one that a person sent; it then counts like any other."""
    form = _form(call, form_id)
    turned_away = call.parts.reads.submission(call.workspace, form_id, submission)
    actor, now = call.principal.name, call.parts.clock()
    draft = submissions.accepted(call.workspace, form, turned_away, actor, now)
    appended = _appended(call, draft)
    return _answer(submission=submission, state="submitted", **_told(appended))


@router.post("/confirmations", response_model=AskingAnswer)
def ask_to_confirm(form_id: UUID, body: Asking, call: Writing) -> Response:
    """The address by which a person confirms a submission, for the sender who will mail it."""
    form = _form(call, form_id)
    actor, now = call.principal.name, call.parts.clock()
    draft = submissions.asked(call.workspace, form, body.submission_id, actor, now)
    appended = _appended(call, draft)
    name = submission_id(call.workspace, form_id, body.submission_id)
    expiry = Instant(now - now % DAY + (DAYS_TO_CONFIRM + 1) * DAY)
    return _answer(
        submission=name,
        submission_id=body.submission_id,
        confirm_url=_confirm_url(call, form_id, name, expiry),
        expires_at=to_datetime(expiry).isoformat().replace("+00:00", "Z"),
        **_told(appended),
    )


def _form(call: Call, form_id: UUID) -> FormEntry:
    form = call.parts.reference.form(call.workspace, form_id)
    if form is None:
        raise NotFound("There is no such form in this workspace.")
    return form


def _confirm_url(call: Call, form_id: UUID, name: UUID, expiry: Instant) -> str:
    parts = call.parts
    number = parts.access.workspace(call.workspace).number
    # A confirmation has no recipient yet; the form stands in that field.
    token = Token(number, recipient=form_id, about=name, expiry=expiry // 1000)
    text = sign(Purpose.CONFIRM, token, parts.vault.token_keys(call.workspace))
    return f"{parts.settings.public_url}/d/{text}"


def _appended(call: Call, draft: Draft) -> Appended:
    parts = call.parts
    records = parts.composer.records([draft])
    try:
        answer = parts.log.append(records)
        appended = answer.result(parts.settings.log_commit_timeout_seconds)
    except TimeoutError as error:
        raise LogUnavailable("The log did not take the event in time; ask again.") from error
    if not appended.duplicates:
        EVENTS_APPENDED.labels(draft.kind.channel, draft.kind.name).inc()
    return appended


def _told(appended: Appended) -> dict[str, Any]:
    return {"repeated": bool(appended.duplicates), "position": appended.position}


def _answer(**told: Any) -> Response:
    return reply(orjson.dumps(told))
