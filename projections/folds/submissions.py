"""What became of each submission of a form: sent, turned away, asked to confirm, confirmed.

The entity is the submission, by the name that every event about it leads to. A confirmation knows
the submission and not its person, so here the two meet: others look the confirmation up, and from
here the submission's name belongs to the person who sent it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson
from pydantic import Field

from projections.folds.fold import Context, Fold, Known, Outcome, Row
from projections.folds.identity import ADDRESS, RECORD, VISITOR, cluster_row
from schemas.facts.form import FormConfirmation, FormRejected, FormSubmitted
from schemas.fields import Model
from schemas.ids import submission_id
from schemas.views import SubmissionState

SUBMISSION = "submission:"
_REQUEST = ("url", "hit", "utm", "share_id", "seconds_on_form")


class SubmissionDoc(Model):
    """A submission as the read models hold it. Times are instants, 0 for never."""

    submission: UUID
    form_id: UUID
    submission_id: str = ""
    state: SubmissionState
    reason: str = ""
    event_id: UUID | None = None
    visitor_id: UUID | None = None
    fields: dict[str, Any] | None = None
    occurred_at: int = 0
    asked_at: int = 0
    confirmed_at: int = 0
    confirmed_by: UUID | None = None
    test: bool = False
    flags: tuple[str, ...] = ()
    request: dict[str, Any] = Field(default_factory=dict)


class Submissions(Fold):
    """One row per submission, and whose its name is where a confirmation is keyed by it."""

    name: ClassVar[str] = "submissions"
    looks_up: ClassVar[bool] = True
    tables: ClassVar[tuple[str, ...]] = ("submission", "cluster")
    consumes: ClassVar[frozenset[str]] = frozenset(
        ("form.submitted", "form.rejected", "form.confirmation_sent", "form.confirmed")
    )

    def entities(self, known: Known) -> Iterable[str]:
        return (SUBMISSION + str(submission_of(known)),)

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        name = UUID(entity.removeprefix(SUBMISSION))
        doc = _doc(name, facts)
        rows = [_row(doc)]
        needs: set[str] = set()
        sent = _first(facts, "form.submitted")
        if sent is not None and any(k.event.subject_id == str(name) for k in facts if k != sent):
            subject = sent.event.subject_id
            cluster = context.cluster_of(subject, sent.event.occurred_at)
            record = context.record_of(subject, sent.event.occurred_at)
            needs |= {RECORD + record, ADDRESS + subject, VISITOR + subject}
            if cluster != str(name):
                rows.append(cluster_row(str(name), 0, cluster, record))
        return Outcome(tuple(rows), frozenset(needs))


def submission_of(known: Known) -> UUID:
    """The name of the submission that an event is about."""
    payload = known.payload
    if isinstance(payload, FormConfirmation) and payload.submission:
        return payload.submission
    if isinstance(payload, FormSubmitted | FormRejected | FormConfirmation):
        return submission_id(known.event.workspace, payload.form_id, payload.submission_id)
    raise TypeError(f"{known.event.type} is about no submission.")


def _doc(name: UUID, facts: Sequence[Known]) -> SubmissionDoc:
    told: dict[str, Any] = {"submission": name}
    for kind in ("form.confirmed", "form.confirmation_sent", "form.rejected", "form.submitted"):
        known = _first(facts, kind)
        if known is not None:
            told |= _told(kind, known)
    told["state"] = _state({known.event.type for known in facts})
    return SubmissionDoc.model_validate(told)


def _told(kind: str, known: Known) -> dict[str, Any]:
    """What the first event of a kind tells of a submission."""
    event = known.event
    plain: dict[str, Any] = orjson.loads(event.data)
    told: dict[str, Any] = {"form_id": plain["form_id"], "test": event.test}
    if plain["submission_id"] != plain.get("submission"):  # else the token's name stands in for it
        told["submission_id"] = plain["submission_id"]
    if kind == "form.confirmed":
        return {**told, "confirmed_at": event.occurred_at, "confirmed_by": event.event_id}
    if kind == "form.confirmation_sent":
        return {**told, "asked_at": event.occurred_at}
    return {
        **told,
        "event_id": event.event_id,
        "reason": plain.get("reason", ""),
        "visitor_id": plain.get("visitor_id"),
        "fields": plain.get("fields"),
        "occurred_at": event.occurred_at,
        "flags": event.flags,
        "request": {name: plain[name] for name in _REQUEST if name in plain},
    }


def _state(kinds: set[str]) -> SubmissionState:
    if "form.confirmed" in kinds:
        return "confirmed"
    if "form.submitted" in kinds:
        return "asked" if "form.confirmation_sent" in kinds else "submitted"
    return "rejected" if "form.rejected" in kinds else "asked"


def _first(facts: Sequence[Known], kind: str) -> Known | None:
    return next((known for known in facts if known.event.type == kind), None)


def _row(doc: SubmissionDoc) -> Row:
    filters = {
        "form_id": str(doc.form_id), "state": doc.state,
        "occurred_at": doc.occurred_at or doc.asked_at or doc.confirmed_at,
    }  # fmt: skip
    return Row("submission", str(doc.submission), doc, filters)
