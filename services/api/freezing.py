"""Lists made of the members of others, as they are or as they were."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.clock import random_id
from schemas.decisions.lists import BuiltFrom
from schemas.documents import Filling, ListDocument
from schemas.errors import MoveRefused
from schemas.instants import to_datetime
from schemas.views import Past
from services.access import Scope
from services.api import answers
from services.api.call import Writing
from services.api.desk import AtDesk, Body, Deed
from services.api.parameters import known_at, moment
from services.commands import lists
from services.commands.commander import Change
from services.distribution.filling import Fillings
from services.distribution.knowing import all_accepted
from services.distribution.pages import keep

router = APIRouter(prefix="/lists", tags=["lists"])


class ListCopy(Body):
    """A list to be made of the members that another one has, or had at a moment.

    A frozen one never changes; a static one may be changed by hand.
    """

    name: Annotated[str, Field(min_length=1, max_length=128)]
    kind: Literal["static", "frozen"] = "frozen"
    as_of: Annotated[str | None, Field(max_length=40)] = None
    known_at: Annotated[str | None, Field(max_length=2048)] = None


@router.post("/{list_id}/freeze", status_code=201, response_model=answers.ListAnswer)
def freeze_list(
    list_id: UUID, body: ListCopy, request: Request, call: Writing, desk: AtDesk
) -> Response:
    """Make a list of the members that this one has, or had at a moment of data or knowledge time.

    They are put on it some at a time: ``filling`` tells how far that is, and is null when it is
    done.
    """
    call.required_key()
    call.principal.require(Scope.READ)
    source = lists.known(desk.find(call, lists.stream_of(list_id), ListDocument).document)
    if source.filling is not None:
        raise MoveRefused("The list is still being filled. Ask again when it is.")
    past = Past(as_of=moment(body.as_of, "as_of"), known_at=known_at(body.known_at, call.parts))
    new_id = random_id(call.parts.random)

    def decide(_: ListDocument | None) -> Change[ListDocument]:
        known = all_accepted(call.parts.gate, call.parts.log)
        audience = call.parts.reads.audience(call.workspace, [list_id], known, past)
        pin_id = random_id(call.parts.random)
        pages = keep(desk.commander, call.order(), audience.parts, pin_id)
        members = [member for part in audience.parts for member in part.members]
        made = ListDocument(
            list_id=new_id,
            name=body.name,
            kind=body.kind,
            member_type=source.member_type,
            built_from=BuiltFrom(
                list_id=list_id,
                definition_version=audience.lists[0].version,
                as_of=None if past.as_of is None else to_datetime(past.as_of),
                known_at=audience.known_at,
            ),
            filling=Filling(pin_id=pin_id, pages=pages, members=len(members)) if pages else None,
        )
        return lists.freeze(made, members)

    deed = Deed(desk, call, ListDocument, answers.marketing_list)
    done = deed.do(lists.stream_of(new_id), decide, status=201)
    fillings: Fillings = request.app.state.fillings
    fillings.wake()
    return done
