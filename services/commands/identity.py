"""Which records are the same: merged into a survivor, linked, and parted again (R28, R37).

Each record has a stream of its own. A merge is a decision of the record that is merged, a link one
of the record whose id comes first; the other one's document changes along with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from schemas.decisions.identity import (
    IdentityLinked,
    IdentityMerged,
    IdentityStep,
    IdentityUnmerged,
)
from schemas.documents import IdentityDocument
from schemas.envelope import Stream
from schemas.errors import Fault, InvalidInput, MoveRefused
from schemas.fields import Ref
from services.commands.commander import Change, Found, Step

MOST = 100
"""How many records one can stand for, and with how many it can be linked."""
_PEOPLE = ("contact", "lead")

Other = Callable[[], Found[IdentityDocument]]
"""Looks up the other record as it stands: anew for each attempt at a decision."""
Decide = Callable[[IdentityDocument | None], Change[IdentityDocument]]


def stream_of(record: UUID) -> Stream:
    """The stream of what is decided about a record's identity."""
    return Stream("identity", str(record))


def ordered(one: Ref, other: Ref) -> tuple[Ref, Ref]:
    """Two records that are linked: the first one's stream tells of it."""
    return (one, other) if str(one.id) < str(other.id) else (other, one)


def merge(
    survivor: Ref, merged: Ref, other: Other, choices: Mapping[str, UUID],
    evidence: dict[str, Any], standing_for: Callable[[IdentityDocument], int],
) -> Decide:  # fmt: skip
    """Merge a record into a survivor, which ``other`` looks up; ``standing_for`` counts all that
    were merged into a record, through whatever others.

    Once more changes nothing. Raises ``InvalidInput``, ``MoveRefused``.
    """
    _check_pair(survivor, merged)
    if survivor.kind != merged.kind:
        detail = "Records of one kind are merged; a lead and a contact are linked."
        raise InvalidInput(detail, (Fault("/merged/kind", detail),))
    for path, chosen in choices.items():
        if chosen not in (survivor.id, merged.id):
            detail = "A value is chosen from the survivor or from the record that is merged."
            raise InvalidInput(detail, (Fault(f"/choices/{path}", detail),))

    def decide(document: IdentityDocument | None) -> Change[IdentityDocument]:
        beside = other()
        mine = _as_named(document, merged)
        theirs = _as_named(beside.document, survivor)
        if mine.merged_into == survivor:
            return Change(document=mine)
        _check_stands(mine)
        _check_stands(theirs)
        if standing_for(theirs) + 1 + standing_for(mine) > MOST:
            raise MoveRefused(f"One record can stand for {MOST} others.")
        payload = IdentityMerged(
            subjects=(survivor, merged),
            survivor=survivor,
            merged=(merged,),
            choices=dict(choices),
            evidence=evidence,
        )
        return _together(
            mine.model_copy(update={"merged_into": survivor}), "identity.merged", payload,
            beside, theirs.model_copy(update={"merged": (*theirs.merged, merged)}),
        )  # fmt: skip

    return decide


def unmerge(survivor: Ref, merged: Ref, other: Other, evidence: dict[str, Any]) -> Decide:
    """Have a record be one of its own again; once more changes nothing. Raises ``MoveRefused``."""

    def decide(document: IdentityDocument | None) -> Change[IdentityDocument]:
        beside = other()
        mine = _as_named(document, merged)
        theirs = _as_named(beside.document, survivor)
        if mine.merged_into is None:
            return Change(document=mine)
        if mine.merged_into != survivor:
            raise MoveRefused(f"The record is merged into {mine.merged_into}.")
        payload = IdentityUnmerged(subjects=(survivor, merged), evidence=evidence)
        rest = tuple(one for one in theirs.merged if one != merged)
        return _together(
            mine.model_copy(update={"merged_into": None}), "identity.unmerged", payload,
            beside, theirs.model_copy(update={"merged": rest}),
        )  # fmt: skip

    return decide


def link(first: Ref, second: Ref, other: Other, evidence: dict[str, Any], *, on: bool) -> Decide:
    """Link two records of one person, in their order, or part them; once more changes nothing.

    ``other`` looks up the second. Raises ``InvalidInput``, ``MoveRefused``.
    """
    _check_pair(first, second)
    if sorted((first.kind, second.kind)) != sorted(_PEOPLE):
        detail = "A lead and a contact are linked; records of one kind are merged."
        raise InvalidInput(detail, (Fault("/records", detail),))

    def decide(document: IdentityDocument | None) -> Change[IdentityDocument]:
        beside = other()
        mine = _as_named(document, first)
        theirs = _as_named(beside.document, second)
        if (second in mine.linked) == on:
            return Change(document=mine)
        if on:
            _check_stands(mine)
            _check_stands(theirs)
            if MOST in (len(mine.linked), len(theirs.linked)):
                raise MoveRefused(f"With one record {MOST} others can be linked.")
        event_type = "identity.linked" if on else "identity.unlinked"
        payload = IdentityLinked(subjects=(first, second), evidence=evidence)
        return _together(
            _linking(mine, second, on=on), event_type, payload, beside,
            _linking(theirs, first, on=on),
        )  # fmt: skip

    return decide


def _linking(document: IdentityDocument, other: Ref, *, on: bool) -> IdentityDocument:
    rest = tuple(one for one in document.linked if one != other)
    return document.model_copy(update={"linked": (*rest, other) if on else rest})


def _together(
    mine: IdentityDocument, event_type: str, payload: IdentityStep,
    beside: Found[IdentityDocument], theirs: IdentityDocument,
) -> Change[IdentityDocument]:  # fmt: skip
    step = Step(event_type=event_type, payload=payload)
    return Change(document=mine, steps=(step,), beside=(beside.becoming(theirs),))


def _check_pair(one: Ref, other: Ref) -> None:
    if one.id == other.id:
        detail = "Name two records: this is one and the same."
        raise InvalidInput(detail, (Fault("", detail),))


def _as_named(document: IdentityDocument | None, record: Ref) -> IdentityDocument:
    """What is decided of a record, which stays of the kind it was first named by."""
    if document is not None and document.record != record:
        detail = f"The record {record.id} is known as {document.record.kind}."
        raise InvalidInput(detail, (Fault("", detail),))
    return document or IdentityDocument(record=record)


def _check_stands(document: IdentityDocument) -> None:
    """Whoever is merged has nothing to decide any more: that is for the one that stands for it."""
    if document.merged_into is not None:
        raise MoveRefused(
            f"{document.record} is merged into {document.merged_into}. Name that record, or undo"
            " that merge first."
        )
