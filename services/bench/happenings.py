"""Events of a mix, in the form that senders use, deterministic by the mix's seed.

They are templates (``stamps``): each stands for as many events as there are requests and people.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.errors import SettingsInvalid
from schemas.ids import named_id
from schemas.instants import Instant, format_instant
from services.bench.mix import Mix
from services.bench.stamps import BLOCK, REQUEST
from services.demo.agents import (
    APPLE_PRIVACY,
    BROWSERS,
    GMAIL_PROXY,
    MAIL_SCANNER,
    OUTLOOK,
    SEARCH_ENGINE,
    address_of,
)

BATCH = 100
_SLOTS = 500  # people in one block
_READERS = (*BROWSERS, OUTLOOK, GMAIL_PROXY, APPLE_PRIVACY)
_MACHINES = (MAIL_SCANNER, SEARCH_ENGINE)
_WORDS = ("please", "send", "the", "offer", "about", "your", "savings", "and", "call", "me", "back")


@dataclass(frozen=True, slots=True)
class Campaign:
    """What events refer to: a campaign's activity with content, link, form and audience."""

    activity: UUID
    content: UUID
    link: str
    form: UUID
    campaign: UUID
    batch: UUID


SOME_CAMPAIGN = Campaign(
    activity=named_id("bench", "activity"),
    content=named_id("bench", "content"),
    link="00000000000000ff",
    form=named_id("bench", "form"),
    campaign=named_id("bench", "campaign"),
    batch=named_id("bench", "batch"),
)


def block_count(mix: Mix) -> int:
    """How many different values of ``BLOCK`` make the mix's number of people."""
    return max(1, mix.people // _SLOTS)


def people_of_block(block: int) -> list[str]:
    """Everybody whom the templates tell of in one block."""
    return [_person(slot).replace(BLOCK, f"{block:08x}") for slot in range(_SLOTS)]


class Happenings:
    """Makes template events, one after another.

    Raises ``SettingsInvalid`` if the mix weighs a type that nobody has given a shape here.
    """

    def __init__(self, mix: Mix, now: Instant, campaign: Campaign = SOME_CAMPAIGN) -> None:
        unknown = sorted(name for name in mix.weights if _maker(name) is None)
        if unknown:
            raise SettingsInvalid(
                f"The mix {mix.name!r} weighs {', '.join(unknown)}, of which benches make none."
            )
        self._mix = mix
        self._now = now
        self._campaign = campaign
        self._dice = random.Random(mix.seed)  # noqa: S311 - must repeat itself, and is no secret
        self._types = list(mix.weights)
        self._weights = list(mix.weights.values())
        self._made = 0

    def batch(self, count: int = BATCH) -> list[dict[str, Any]]:
        """The next template events, as CloudEvents."""
        return [self._event(place) for place in range(count)]

    def _event(self, place: int) -> dict[str, Any]:
        self._made += 1
        kind = self._dice.choices(self._types, self._weights)[0]
        slot = self._dice.randrange(_SLOTS)
        return {
            "specversion": "1.0",
            "id": f"{kind}-{REQUEST}-{place}",
            "source": "/bench",
            "type": kind,
            "time": format_instant(self._now - self._dice.randrange(60_000)),
            "subject": f"contact:{_person(slot)}",
            "batchid": str(self._campaign.batch),
            "data": self._data(kind, slot, place),
        }

    def _data(self, kind: str, slot: int, place: int) -> dict[str, Any]:
        maker = _maker(kind)
        return maker(self, slot, place) if maker else {}

    # The parts of payloads

    def _message(self, slot: int) -> str:
        number = self._dice.randrange(self._mix.messages_per_person)
        return f"{BLOCK}-{slot:04x}-4000-8001-{number:012x}"

    def _notice(self, slot: int) -> dict[str, Any]:
        message = self._message(slot)
        return {
            "message_id": message,
            "provider": "example",
            "provider_message_id": f"m-{message}",
            "address": f"person-{BLOCK}-{slot}@example.com",
        }

    def _hit(self, slot: int) -> dict[str, Any]:
        machine = self._dice.random() < self._mix.machine_share
        agent = self._dice.choice(_MACHINES if machine else _READERS)
        return {
            "ip": address_of(slot),
            "user_agent": agent,
            "headers": {"accept-language": "en-GB,en;q=0.8"},
        }

    def _text(self) -> str:
        words: list[str] = []
        while sum(map(len, words)) + len(words) < self._mix.shapes.text_characters:
            words.append(self._dice.choice(_WORDS))
        return " ".join(words)[: self._mix.shapes.text_characters]

    def _utm(self) -> dict[str, str]:
        names = ("source", "medium", "campaign", "term", "content", "id")
        return {f"utm_{n}": f"{n}-{self._dice.randrange(20)}"
                for n in names[: self._mix.shapes.utm_fields]}  # fmt: skip

    # Payloads, by type

    def sent(self, slot: int, _place: int) -> dict[str, Any]:
        """A message was handed over."""
        return {
            **self._notice(slot),
            "activity_id": str(self._campaign.activity),
            "content_version_id": str(self._campaign.content),
        }

    def noticed(self, slot: int, _place: int) -> dict[str, Any]:
        """A message arrived."""
        return self._notice(slot)

    def bounced(self, slot: int, _place: int) -> dict[str, Any]:
        """A message came back."""
        return {**self._notice(slot), "class": "hard", "final": True, "code": "550",
                "reason": "no such user"}  # fmt: skip

    def opened(self, slot: int, _place: int) -> dict[str, Any]:
        """A picture was fetched."""
        return {**self._notice(slot), "hit": self._hit(slot)}

    def clicked(self, slot: int, _place: int) -> dict[str, Any]:
        """A link was followed."""
        return {
            **self.opened(slot, 0),
            "link_id": self._campaign.link,
            "link_group": "offer",
            "link_kind": "content",
            "url": "https://shop.example.com/offer?utm_source=letter",
        }

    def preferred(self, slot: int, _place: int) -> dict[str, Any]:
        """Somebody wants no more of it."""
        return {**self._notice(slot), "via": "one_click", "purpose": "marketing"}

    def replied(self, slot: int, place: int) -> dict[str, Any]:
        """Somebody wrote back."""
        return {
            **self._notice(slot),
            "provider_message_id": f"r-{REQUEST}-{place}",
            "thread_id": f"t-{BLOCK}-{slot}",
            "text": self._text(),
        }

    def texted(self, slot: int, place: int) -> dict[str, Any]:
        """Somebody sent a text."""
        return {
            "provider": "example",
            "provider_message_id": f"s-{REQUEST}-{place}",
            "from": f"+4477009{slot:05d}",
            "to": "+442079460000",
            "text": self._text(),
            "keyword": "none",
            "message_id": self._message(slot),
        }

    def viewed(self, slot: int, _place: int) -> dict[str, Any]:
        """A page was seen."""
        return {
            "visitor_id": _visitor(slot),
            "url": f"https://shop.example.com/p/{self._dice.randrange(1000)}",
            "referrer": "https://search.example/",
            "utm": self._utm(),
            "hit": self._hit(slot),
        }

    def form_visited(self, slot: int, _place: int) -> dict[str, Any]:
        """A form was seen."""
        return {
            "form_id": str(self._campaign.form),
            "visitor_id": _visitor(slot),
            "url": "https://shop.example.com/form",
            "hit": self._hit(slot),
        }

    def form_submitted(self, slot: int, place: int) -> dict[str, Any]:
        """A form was sent."""
        fields = {f"field_{n}": self._text()[:40] for n in range(self._mix.shapes.form_fields)}
        return {
            **self.form_visited(slot, place),
            "submission_id": f"f-{REQUEST}-{place}",
            "fields": fields,
            "address": f"person-{BLOCK}-{slot}@example.com",
            "country": "GB",
            "utm": self._utm(),
            "seconds_on_form": "41.5",
        }

    def called(self, slot: int, place: int) -> dict[str, Any]:
        """Somebody called."""
        return {
            "call_id": f"c-{REQUEST}-{place}",
            "direction": "in",
            "from": f"+4477009{slot:05d}",
            "to": "+442079460000",
            "line": "cellular",
            "duration_s": self._dice.randrange(600),
            "activity_id": str(self._campaign.activity),
        }

    def ordered(self, slot: int, place: int) -> dict[str, Any]:
        """Somebody bought something."""
        return {
            "order_id": f"o-{REQUEST}-{place}",
            "product_id": f"product-{self._dice.randrange(50)}",
            "category": "deposit",
            "total": {"amount": f"{self._dice.randrange(100_000) / 100:.2f}", "currency": "EUR"},
        }

    def tracked(self, slot: int, _place: int) -> dict[str, Any]:
        """Something of the sender's own."""
        properties = {f"property_{n}": self._dice.randrange(1000)
                      for n in range(self._mix.shapes.properties)}  # fmt: skip
        return {"name": "basket.changed", "properties": properties, "visitor_id": _visitor(slot)}


def _maker(kind: str) -> Maker | None:
    return _MAKERS.get(kind) or _MAKERS.get(f"*.{kind.partition('.')[2]}")


def _person(slot: int) -> str:
    return f"{BLOCK}-{slot:04x}-4000-8000-000000000000"


def _visitor(slot: int) -> str:
    return f"{BLOCK}-{slot:04x}-4000-8002-000000000000"


Maker = Callable[[Happenings, int, int], dict[str, Any]]
_MAKERS: dict[str, Maker] = {
    "*.sent": Happenings.sent,
    "*.delivered": Happenings.noticed,
    "email.bounced": Happenings.bounced,
    "*.opened": Happenings.opened,
    "*.clicked": Happenings.clicked,
    "email.unsubscribed": Happenings.preferred,
    "email.complained": Happenings.preferred,
    "email.replied": Happenings.replied,
    "sms.received": Happenings.texted,
    "page.viewed": Happenings.viewed,
    "link.clicked": Happenings.viewed,
    "form.visited": Happenings.form_visited,
    "form.submitted": Happenings.form_submitted,
    "call.completed": Happenings.called,
    "order.placed": Happenings.ordered,
    "event.tracked": Happenings.tracked,
}
