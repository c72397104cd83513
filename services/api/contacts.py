"""Contacts, and the way each of them has gone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from schemas.views import ContactView, JourneyItem, PastRows, Rows
from services.api.call import Reading
from services.api.desk import AtDesk
from services.api.judged import classifier_asked
from services.api.paging import listed_views, reading_cursor
from services.api.parameters import PageParameters, PastParameters, ReadParameters

router = APIRouter(prefix="/contacts", tags=["contacts"])


class ContactQuery(PageParameters, ReadParameters):
    """Which page of the contacts."""


class JourneyQuery(PageParameters, PastParameters):
    """Which part of a journey, and of which past. ``version`` is that of the classifier."""


@router.get("", response_model=Rows[ContactView])
def list_contacts(
    request: Request, query: Annotated[ContactQuery, Query()], call: Reading
) -> Response:
    """The contacts of the workspace, in the order of their ids."""
    query.await_position(call.parts)
    with reading_cursor(query.cursor):
        rows = call.parts.reads.contacts(call.workspace, query.cursor, query.limit)
    return listed_views(request, rows)


@router.get("/{contact_id}", response_model=ContactView)
def read_contact(
    contact_id: UUID, query: Annotated[ReadParameters, Query()], call: Reading
) -> Response:
    """One contact."""
    query.await_position(call.parts)
    view = call.parts.reads.contact(call.workspace, contact_id)
    return Response(view.model_dump_json(), media_type="application/json")


@router.get("/{contact_id}/journey", response_model=PastRows[JourneyItem])
def read_journey(
    contact_id: UUID,
    request: Request,
    query: Annotated[JourneyQuery, Query()],
    call: Reading,
    desk: AtDesk,
) -> Response:
    """All that happened with a person, from the first touch on."""
    judged_by = classifier_asked(query, call, desk)
    past = query.past(call.parts).model_copy(update={"classifier": judged_by})
    query.await_position(call.parts)
    with reading_cursor(query.cursor):
        rows = call.parts.reads.journey(call.workspace, contact_id, past, query.cursor, query.limit)
    return listed_views(request, rows)
