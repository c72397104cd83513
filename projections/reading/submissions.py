"""A form's submissions as readers are answered them: in the order they came, fields opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from events.sealing import Sealer
from projections.folds.submissions import SubmissionDoc
from projections.reading.marks import encode_mark, read_mark
from projections.stores.rows import SUBMISSION
from schemas.errors import NotFound
from schemas.fields import SealedValue
from schemas.instants import Instant, to_datetime
from schemas.views import Rows, SubmissionState, SubmissionView

_TABLE = SUBMISSION.c


def submissions_of(
    connection: sa.Connection, mine: Sequence[Any], sealer: Sealer, workspace: str,
    form_id: UUID, state: SubmissionState | None, after: str | None, limit: int,
) -> Rows[SubmissionView]:  # fmt: skip
    """A page of a form's submissions, by (occurred_at, submission)."""
    bounds: list[Any] = [*mine, _TABLE.form_id == str(form_id)]
    order = (_TABLE.occurred_at, _TABLE.id)
    if state is not None:
        bounds.append(_TABLE.state == state)
    if after is not None:
        occurred, name = read_mark(after, int, str)
        bounds.append(sa.tuple_(*order) > sa.tuple_(occurred, name))
    query = sa.select(SUBMISSION).where(*bounds).order_by(*order).limit(limit + 1)
    found = connection.execute(query).all()
    last = found[limit - 1] if len(found) > limit else None
    return Rows(
        data=[_view(sealer, workspace, row.doc) for row in found[:limit]],
        next_cursor=encode_mark(last.occurred_at, last.id) if last else None,
    )


def submission_of(
    connection: sa.Connection, mine: Sequence[Any], sealer: Sealer, workspace: str,
    form_id: UUID, name: UUID,
) -> SubmissionView:  # fmt: skip
    """One submission. Raises ``NotFound``."""
    query = sa.select(_TABLE.doc).where(
        *mine, _TABLE.form_id == str(form_id), _TABLE.id == str(name)
    )
    doc = connection.execute(query).scalar_one_or_none()
    if doc is None:
        raise NotFound("There is no such submission of this form.")
    return _view(sealer, workspace, doc)


def _view(sealer: Sealer, workspace: str, raw: bytes) -> SubmissionView:
    doc = SubmissionDoc.model_validate_json(raw)
    told = doc.model_dump(
        exclude={"fields", "request", "reason", "confirmed_by", "occurred_at", "asked_at",
                 "confirmed_at"}
    )  # fmt: skip
    fields = None
    if doc.fields is not None:
        fields = sealer.open(workspace, SealedValue.model_validate(doc.fields))
    return SubmissionView(
        **told,
        **doc.request,
        reason=doc.reason or None,
        fields=fields if isinstance(fields, dict) else None,
        occurred_at=_moment(doc.occurred_at),
        asked_at=_moment(doc.asked_at),
        confirmed_at=_moment(doc.confirmed_at),
    )


def _moment(at: int) -> Any:
    return to_datetime(Instant(at)) if at else None
