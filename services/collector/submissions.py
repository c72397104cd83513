"""A form's submission as a fact: submitted, or rejected and kept for a person to look at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from events.compose import Draft
from events.log import Record
from schemas.catalogue import EventType, Topic, load_all
from schemas.ids import event_id
from schemas.instants import Instant
from services.access import GpcMode
from services.collector.consent import mode_of
from services.collector.form_bodies import Submission
from services.collector.form_fields import value_of
from services.collector.privacy import flags_of, origin_of
from services.collector.request import Doorway, Request
from services.http import text_of
from services.reference import OwnedForm

Suspicion = Literal["honeypot", "too_fast", "rate"]

_LONGEST_URL = 2048
_LONGEST_UTM = 200
_MOST_UTM = 16
_LONGEST_STAY = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission on its way into the log; ``shown_for`` in milliseconds, if that is known."""

    request: Request
    owner: OwnedForm
    content: Submission
    submission_id: str
    now: Instant
    shown_for: int | None


class SubmissionRecords:
    """Makes the records of submissions. Blocks for the vault; call it from a thread."""

    def __init__(self, doorway: Doorway) -> None:
        self._doorway = doorway
        self._known = load_all()

    def kind(self, suspicion: Suspicion | None) -> EventType:
        """The type that a submission becomes."""
        return self._known.newest("form.rejected" if suspicion else "form.submitted")

    def make(self, sent: Sent, suspicion: Suspicion | None) -> Record:
        """The record; sent again under the same submission id, it has the same event id."""
        kind = self.kind(suspicion)
        workspace, form = sent.owner.workspace, sent.owner.form
        producer = f"form:{form.form_id}" + (":rejected" if suspicion else "")
        data = self._rejected(sent, suspicion) if suspicion else self._submitted(sent)
        draft = Draft(
            kind=kind,
            topic=Topic.FACTS,
            workspace=workspace,
            producer=producer,
            event_id=event_id(workspace, producer, sent.submission_id),
            payload=kind.model.model_validate(data),
            received_at=sent.now,
            time=sent.now,
            external_id=sent.submission_id,
            flags=flags_of(sent.request.headers),
        )
        (record,) = self._doorway.parts.composer.records([draft])
        return record

    def _submitted(self, sent: Sent) -> dict[str, Any]:
        form, content = sent.owner.form, sent.content
        country = value_of(form, content.fields, "country")
        return {
            **self._shared(sent),
            "fields": {n: v for n, v in content.fields.items() if n != form.honeypot},
            "address": value_of(form, content.fields, "email"),
            "country": country.upper() if country else None,
        }

    def _rejected(self, sent: Sent, suspicion: Suspicion) -> dict[str, Any]:
        """With everything that accepting it later needs; its address is not to key it."""
        return {**self._shared(sent), "reason": suspicion, "fields": sent.content.fields}

    def _shared(self, sent: Sent) -> dict[str, Any]:
        content = sent.content
        mode = mode_of(
            self._doorway.parts.access, sent.owner.workspace, sent.request.headers
        )  # fmt: skip
        named = mode in (None, GpcMode.KEEP)
        return {
            "form_id": sent.owner.form.form_id,
            "submission_id": sent.submission_id,
            "visitor_id": content.own_id("visitor") if named else None,
            "url": _page_of(sent.request, self._doorway.parts.settings.public_url),
            "hit": asdict(self._doorway.hit(sent.request)),
            "utm": _utm(content, text_of(sent.request.headers, b"referer")),
            "share_id": content.own_id("share") if named else None,
            "seconds_on_form": _seconds(sent.shown_for),
        }


def _seconds(shown_for: int | None) -> Decimal | None:
    if shown_for is None or shown_for > _LONGEST_STAY:
        return None
    return Decimal(shown_for) / 1000


def _page_of(request: Request, public_url: str) -> str:
    """The page the form was on, without query and fragment; those may name a person."""
    referer = text_of(request.headers, b"referer")
    origin = origin_of(referer)
    if origin:
        return (origin + urlsplit(referer).path)[:_LONGEST_URL]
    return origin_of(text_of(request.headers, b"origin")) or public_url + request.path


def _utm(content: Submission, referer: str) -> dict[str, str]:
    """Campaign parameters: those of the page's address, and hidden fields of the form over them."""
    try:
        asked = dict(parse_qsl(urlsplit(referer).query, max_num_fields=100))
    except ValueError:
        asked = {}
    told = {**{n: v for n, v in asked.items() if n.startswith("utm_")}, **content.utm}
    pairs = [(n, v[:_LONGEST_UTM]) for n, v in told.items() if v]
    return dict(pairs[:_MOST_UTM])
