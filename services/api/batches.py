"""Batches of facts: what came with an import, and taking it back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from schemas.batches import BatchEffects, BatchView
from schemas.decisions.batch import MOST_REASON
from schemas.documents import BatchDocument
from schemas.views import View
from services.access import Scope
from services.api import answers
from services.api.call import Reading, Writing
from services.api.desk import AtDesk, Body, Deed, show_view
from services.api.parameters import Limit, Parameters
from services.commands import batches
from services.distribution.knowing import all_accepted

router = APIRouter(prefix="/batches", tags=["batches"])


class Undoing(Body):
    """Why a batch is taken back."""

    reason: Annotated[str, Field(min_length=1, max_length=MOST_REASON)]


class BatchRows(View):
    """Batches, those whose facts came last first."""

    data: list[BatchView]


class BatchParameters(Parameters):
    """How many batches."""

    limit: Limit = 100


@router.get("", response_model=BatchRows)
def list_batches(query: Annotated[BatchParameters, Query()], call: Reading) -> Response:
    """The batches whose facts came last."""
    return show_view(BatchRows(data=call.parts.reads.batches(call.workspace, query.limit)))


@router.get("/{batch_id}", response_model=BatchView)
def read_batch(batch_id: UUID, call: Reading) -> Response:
    """What came with a batch, also of one that was undone."""
    return show_view(call.parts.reads.batch(call.workspace, batch_id))


@router.get("/{batch_id}/effects", response_model=BatchEffects)
def read_effects(batch_id: UUID, call: Reading) -> Response:
    """What undoing the batch would not take back: messages that went out, leads, opportunities."""
    known = all_accepted(call.parts.gate, call.parts.log)
    effects = call.parts.reads.batch_effects(call.workspace, batch_id, known)
    call.parts.reads.batch(call.workspace, batch_id)
    return show_view(effects)


@router.post("/{batch_id}/undo", response_model=answers.BatchAnswer)
def undo_batch(batch_id: UUID, body: Undoing, call: Writing, desk: AtDesk) -> Response:
    """Have the facts of a batch count no more, as if they had never come.

    They stay in the log, and what was known before is still known. Everything follows at once;
    ``effects`` are the first of what had left the house.
    """
    call.principal.require(Scope.READ)

    def look() -> tuple[BatchView, BatchEffects]:
        known = all_accepted(call.parts.gate, call.parts.log)
        effects = call.parts.reads.batch_effects(call.workspace, batch_id, known)
        return call.parts.reads.batch(call.workspace, batch_id), effects

    decide = batches.undo(body.reason, look, call.parts.clock())
    return Deed(desk, call, BatchDocument, answers.batch).do(batches.stream_of(batch_id), decide)
