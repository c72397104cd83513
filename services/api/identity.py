"""Who is who: records merged into one, a lead and a contact linked, and parted again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from schemas.decisions.identity import MOST_CHOICES
from schemas.decisions.lists import MemberType
from schemas.documents import IdentityDocument
from schemas.errors import NotFound
from schemas.fields import Ref
from services.api import answers
from services.api.call import Call, Reading, Writing
from services.api.desk import AtDesk, Body, Deed, Desk, show
from services.commands import identity

router = APIRouter(prefix="/identity", tags=["identity"])

Evidence = Annotated[dict[str, Any], Field(max_length=100)]
Path = Annotated[str, Field(min_length=1, max_length=200)]


class RecordRef(Body):
    """A record that can be merged or linked."""

    kind: MemberType
    id: UUID

    def ref(self) -> Ref:
        """The record as events name it."""
        return Ref(kind=self.kind, id=self.id)


class Merging(Body):
    """Two records of one kind: ``survivor`` stands for both from now on.

    ``choices`` are fields of which the survivor takes over the value of the record that is merged,
    or keeps its own: by field, the record whose value stands.
    """

    survivor: RecordRef
    merged: RecordRef
    choices: Annotated[dict[Path, UUID], Field(max_length=MOST_CHOICES)] = Field(
        default_factory=dict
    )
    evidence: Evidence = Field(default_factory=dict)


class Unmerging(Body):
    """Two records, of which one was merged into the other."""

    survivor: RecordRef
    merged: RecordRef
    evidence: Evidence = Field(default_factory=dict)


class Linking(Body):
    """A lead and a contact that are one person."""

    records: tuple[RecordRef, RecordRef]
    evidence: Evidence = Field(default_factory=dict)


def _found(desk: Desk, call: Call, record: UUID) -> identity.Other:
    return lambda: desk.find(call, identity.stream_of(record), IdentityDocument)


def _below(desk: Desk, call: Call, document: IdentityDocument) -> int:
    """How many records were merged into one, through whatever others."""
    found = [_found(desk, call, one.id)().document for one in document.merged]
    return sum(1 + _below(desk, call, one) for one in found if one is not None)


def _do(desk: Desk, call: Call, record: UUID, decide: identity.Decide) -> Response:
    deed = Deed(desk, call, IdentityDocument, answers.identity)
    return deed.do(identity.stream_of(record), decide)


@router.post("/merge", response_model=answers.IdentityAnswer)
def merge_records(body: Merging, call: Writing, desk: AtDesk) -> Response:
    """Merge a record into another one: people are counted once, and both histories are kept.

    Static lists stay as they are; of dynamic ones only the survivor can be a member.
    """
    survivor, merged = body.survivor.ref(), body.merged.ref()
    other = _found(desk, call, survivor.id)
    decide = identity.merge(
        survivor, merged, other, body.choices, body.evidence, lambda one: _below(desk, call, one)
    )
    return _do(desk, call, merged.id, decide)


@router.post("/unmerge", response_model=answers.IdentityAnswer)
def unmerge_records(body: Unmerging, call: Writing, desk: AtDesk) -> Response:
    """Have a merged record be one of its own again, as if it had never been merged."""
    survivor, merged = body.survivor.ref(), body.merged.ref()
    other = _found(desk, call, survivor.id)
    return _do(desk, call, merged.id, identity.unmerge(survivor, merged, other, body.evidence))


@router.post("/link", response_model=answers.IdentityAnswer)
def link_records(body: Linking, call: Writing, desk: AtDesk) -> Response:
    """Link a lead and a contact that are one person; each stays a record of its own."""
    return _link(body, call, desk, on=True)


@router.post("/unlink", response_model=answers.IdentityAnswer)
def unlink_records(body: Linking, call: Writing, desk: AtDesk) -> Response:
    """Part a lead and a contact again."""
    return _link(body, call, desk, on=False)


def _link(body: Linking, call: Call, desk: Desk, *, on: bool) -> Response:
    first, second = identity.ordered(*(record.ref() for record in body.records))
    other = _found(desk, call, second.id)
    return _do(desk, call, first.id, identity.link(first, second, other, body.evidence, on=on))


@router.get("/{record_id}", response_model=answers.IdentityAnswer)
def read_identity(record_id: UUID, call: Reading, desk: AtDesk) -> Response:
    """What is decided about who a record is."""
    found = desk.find(call, identity.stream_of(record_id), IdentityDocument)
    if found.document is None:
        raise NotFound("Nothing was ever decided about who this record is.")
    return show(answers.identity(found.document, found.version))
