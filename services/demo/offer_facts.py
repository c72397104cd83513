"""What providers and the landing page report of the live campaign, as facts.

All times follow from the moment the demo was first started, so that a second run sends the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.ids import named_id
from schemas.instants import format_instant
from services.demo.agents import Origin
from services.demo.people import Answer, Call, Outcome, Person, Texting
from services.importing.cloudevent import CloudEvent

MAIL_PROVIDER = "demo-mail"
TEXT_PROVIDER = "demo-text"
SOURCE = "/demo/spring-offer"
BATCH_ID = named_id("demo", "spring-offer", "batch")
SHORT_NUMBER = "+447700900998"
TRACKING_NUMBER = "+441632960123"  # set aside for fiction, like all numbers here
LANDING_PAGE = "https://shop.example.com/spring"

MINUTE = 60_000
MAILED = -180 * MINUTE
TEXTED = -120 * MINUTE
ANSWERED = -90 * MINUTE
CALLED = -50 * MINUTE


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was made for a person: what its notices name it by."""

    metadata: dict[str, str]
    message_id: str
    activity_id: UUID
    content_version_id: UUID


class OfferFacts:
    """Makes the facts of one run of the play, which began at ``started_at``."""

    def __init__(self, started_at: int) -> None:
        self._started_at = started_at

    def contact(self, person: Person) -> CloudEvent:
        """The person's record, as a customer system would send it."""
        changes = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": [person.email],
            "mobile": person.mobile,
            "country": person.country,
        }
        data = {"id": str(person.contact_id), "changes": changes}
        return self._fact(person, "contact.created", MAILED - 60 * MINUTE, data, batch=BATCH_ID)

    def mail_notices(self, person: Person, mail: Sent) -> Iterator[CloudEvent]:
        """Sent; then delivered, or bounced."""
        notice = self._notice(person, mail, MAIL_PROVIDER)
        address = {"address": person.email}
        yield self._handed_over(person, "email.sent", MAILED, mail, notice | address)
        if person.outcome is Outcome.DELIVERED:
            yield self._fact(person, "email.delivered", MAILED + 5_000, notice | address)
        else:
            yield self._fact(person, "email.bounced", MAILED + 9_000, notice | _bounce(person))

    def mail_answers(self, person: Person, mail: Sent) -> Iterator[CloudEvent]:
        """A reply, an automatic answer, a complaint, the end of a subscription."""
        notice = self._notice(person, mail, MAIL_PROVIDER)
        if person.answer is not None:
            yield self._answer(person, notice)
        if person.complains:
            data = notice | {"via": "provider", "purpose": "marketing"}
            yield self._fact(person, "email.complained", ANSWERED, data)
        if person.unsubscribes:
            data = notice | {"via": "one_click", "purpose": "marketing"}
            yield self._fact(person, "email.unsubscribed", ANSWERED, data)

    def text_notices(self, person: Person, text: Sent) -> Iterator[CloudEvent]:
        """Sent; then delivered, or failed."""
        notice = self._notice(person, text, TEXT_PROVIDER)
        address = {"address": person.mobile}
        yield self._handed_over(person, "sms.sent", TEXTED, text, notice | address)
        if person.sms_delivered:
            yield self._fact(person, "sms.delivered", TEXTED + 4_000, notice | address)
        else:
            yield self._fact(person, "sms.failed", TEXTED + 4_000, notice | {"code": "30003"})

    def text_back(self, person: Person) -> Iterator[CloudEvent]:
        """What the person texts to the campaign's number."""
        if person.texting is None:
            return
        keyword, text = _WORDS[person.texting]
        data = {
            "provider_message_id": f"in-{person.number}",
            "from": person.mobile,
            "to": SHORT_NUMBER,
            "text": text,
            "keyword": keyword,
        }
        yield self._fact(person, "sms.received", ANSWERED + person.number * 1000, data)

    def call(self, person: Person) -> Iterator[CloudEvent]:
        """A call to the number that stands in the mail."""
        if person.call is None:
            return
        data: dict[str, Any] = {
            "call_id": f"spring-{person.number}",
            "direction": "in",
            "from": person.mobile,
            "to": TRACKING_NUMBER,
            "tracking_number": TRACKING_NUMBER,
            "line": "cellular",
        }
        if person.call is Call.MISSED:
            yield self._fact(person, "call.missed", CALLED, data | {"cause": "no_answer"})
        else:
            yield self._fact(person, "call.completed", CALLED, data | {"duration_s": 214})

    def form_visit(self, person: Person, form_id: UUID) -> Iterator[CloudEvent]:
        """The landing page tells who saw its form; sending it tells who they are."""
        visitor = str(person.visitor_id)
        data = {
            "form_id": str(form_id),
            "visitor_id": visitor,
            "url": LANDING_PAGE,
            "hit": _hit(person.browser, person.country),
        }
        yield self._fact(person, "form.visited", 0, data, known=False)
        if person.sends_form:
            yield self._identified(person, visitor)

    def _identified(self, person: Person, visitor: str) -> CloudEvent:
        data = {
            "visitor_id": visitor,
            "subject": {"kind": "contact", "id": str(person.contact_id)},
            "evidence": "form",
            "confidence": 1,
        }
        return self._fact(person, "visitor.identified", 0, data, known=False)

    def _handed_over(
        self, person: Person, kind: str, after: int, message: Sent, notice: dict[str, Any]
    ) -> CloudEvent:
        """The provider took the message; the batch says that it is to the pinned audience."""
        named = {
            "message_id": message.message_id,
            "activity_id": str(message.activity_id),
            "content_version_id": str(message.content_version_id),
        }
        return self._fact(person, kind, after, notice | named, batch=BATCH_ID)

    def _answer(self, person: Person, notice: dict[str, Any]) -> CloudEvent:
        own = {
            "provider_message_id": f"back-{person.number}",
            "in_reply_to": notice["provider_message_id"],
            "thread_id": f"spring-{person.number}",
        }
        if person.answer is Answer.OUT_OF_OFFICE:
            more = {"text": "I am away until Monday.", "kind": "out_of_office"}
            return self._fact(person, "email.autoresponded", MAILED + MINUTE, notice | own | more)
        more = {"text": "Is the offer open to customers of last year, too?"}
        return self._fact(person, "email.replied", ANSWERED, notice | own | more)

    def _notice(self, person: Person, message: Sent, provider: str) -> dict[str, Any]:
        """What every notice carries: the provider's name for the message, and our metadata."""
        named = {"provider": provider, "provider_message_id": f"{provider}-{person.number}"}
        return {**message.metadata, **named}

    def _fact(
        self,
        person: Person,
        kind: str,
        after: int,
        data: dict[str, Any],
        *,
        known: bool = True,
        batch: UUID | None = None,
    ) -> CloudEvent:
        return CloudEvent(
            id=f"spring-{person.number}-{kind}",
            source=SOURCE,
            type=kind,
            time=format_instant(self._started_at + after),
            data=data,
            subject=f"contact:{person.contact_id}" if known else None,
            batch=batch,
        )


_WORDS = {
    Texting.KEYWORD: ("campaign", "SPRING yes please, I am interested"),
    Texting.QUESTION: ("none", "Until when does this run?"),
    Texting.STOP: ("none", "STOP"),  # the server knows the word by itself
}


def _bounce(person: Person) -> dict[str, Any]:
    if person.outcome is Outcome.HARD_BOUNCE:
        return {"class": "hard", "final": True, "code": "550", "reason": "no such mailbox"}
    return {"class": "soft", "final": True, "code": "452", "reason": "mailbox full"}


def _hit(origin: Origin, country: str) -> dict[str, Any]:
    """A visit as the landing page's own server saw it, its address already cut."""
    network = origin.address.rpartition(".")[0]
    return {
        "ip": f"{network}.0",
        "country": country,
        "method": "GET",
        "user_agent": origin.agent,
    }
