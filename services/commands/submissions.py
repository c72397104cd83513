"""What people and senders make of a form's submissions: accepted after all, or asked to confirm.

Both are facts of the form and not decisions: an accepted submission is one that was sent.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from events.compose import Draft
from schemas.catalogue import Topic, load_all
from schemas.errors import Fault, InvalidInput, MoveRefused
from schemas.ids import event_id, submission_id
from schemas.instants import Instant, from_datetime
from schemas.registries import FormEntry
from schemas.views import SubmissionView
from services.collector.form_fields import value_of


def accepted(
    workspace: str, form: FormEntry, turned_away: SubmissionView, actor: str, now: Instant
) -> Draft:
    """The submission that a rejected one is after all; under the id it would have had.

    Raises ``MoveRefused`` if there is nothing to accept.
    """
    fields = turned_away.fields
    if turned_away.state != "rejected" or turned_away.occurred_at is None:
        raise MoveRefused("Only a rejected submission can be accepted.")
    if fields is None:
        raise MoveRefused("The submission cannot be read any more: its key is gone.")
    kind = load_all().newest("form.submitted")
    country = value_of(form, fields, "country")
    own_id = turned_away.submission_id
    data: dict[str, Any] = {
        "form_id": form.form_id,
        "submission_id": own_id,
        "visitor_id": turned_away.visitor_id,
        "url": turned_away.url or form.redirect_url,
        "hit": turned_away.hit or {},
        "fields": {name: value for name, value in fields.items() if name != form.honeypot},
        "address": value_of(form, fields, "email"),
        "country": country.upper() if country else None,
        "utm": turned_away.utm or {},
        "share_id": turned_away.share_id,
        "seconds_on_form": turned_away.seconds_on_form,
    }
    return Draft(
        kind=kind,
        topic=Topic.FACTS,
        workspace=workspace,
        producer=f"form:{form.form_id}",
        event_id=submission_id(workspace, form.form_id, own_id),
        payload=kind.model.model_validate(data),
        received_at=now,
        time=from_datetime(turned_away.occurred_at),
        external_id=own_id,
        actor=actor,
        causation_id=turned_away.event_id,
        flags=turned_away.flags,
        test=turned_away.test,
    )


def asked(workspace: str, form: FormEntry, own_id: str, actor: str, now: Instant) -> Draft:
    """That somebody is being asked to confirm a submission; once, however often it is told.

    Raises ``InvalidInput`` for a form without double opt-in.
    """
    if not form.double_opt_in:
        detail = "Set double_opt_in of the form first."
        raise InvalidInput("This form asks for no confirmation.", (Fault("", detail),))
    kind = load_all().newest("form.confirmation_sent")
    producer = f"form:{form.form_id}:asked"
    name = submission_id(workspace, form.form_id, own_id)
    data = {"form_id": form.form_id, "submission_id": own_id, "submission": name}
    return _about(kind.name, workspace, producer, name, data, actor, now)


def confirmed(
    workspace: str, form_id: UUID, name: UUID, proof: dict[str, str], now: Instant,
    flags: tuple[str, ...],
) -> Draft:  # fmt: skip
    """That a submission is confirmed: key and id follow from the token alone."""
    producer = f"form:{form_id}:confirmed"
    data = {
        "form_id": form_id, "submission_id": str(name), "submission": name, "proof": proof,
    }  # fmt: skip
    return _about("form.confirmed", workspace, producer, name, data, None, now, flags)


def _about(
    kind_name: str, workspace: str, producer: str, name: UUID, data: dict[str, Any],
    actor: str | None, now: Instant, flags: tuple[str, ...] = (),
) -> Draft:  # fmt: skip
    kind = load_all().newest(kind_name)
    return Draft(
        kind=kind,
        topic=Topic.FACTS,
        workspace=workspace,
        producer=producer,
        event_id=event_id(workspace, producer, str(name)),
        payload=kind.model.model_validate(data),
        received_at=now,
        time=now,
        external_id=str(name),
        actor=actor,
        flags=flags,
    )
