"""A collector in memory with a client before it, and what tests ask of both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import orjson

from events.codec import decode
from schemas.catalogue import Topic
from schemas.envelope import Event
from services.collector.app import Collector
from services.collector.tokens import Purpose, Token, sign
from services.parts import Parts
from tests.support.parts import DEMO, Keys, make_keys, make_parts, register
from tests.support.records import stored

RECIPIENT = UUID("11111111-1111-4111-8111-111111111111")
MESSAGE = UUID("22222222-2222-4222-8222-222222222222")
FORM = UUID("33333333-3333-4333-8333-333333333333")
SOURCE = UUID("55555555-5555-4555-8555-555555555555")
LINK = 0xABCDEF0123456789
LINK_TEXT = "abcdef0123456789"
ORIGIN = "https://shop.example.com"
THANKS = "https://shop.example.com/thanks"


@dataclass
class Site:
    """One installation and its collector."""

    parts: Parts = field(default_factory=make_parts)
    peer: str = "203.0.113.77"

    def __post_init__(self) -> None:
        self.keys: Keys = make_keys(self.parts)
        self.collector = Collector(self.parts)

    def ask(self, method: str, path: str, **named: Any) -> httpx.Response:
        """One request over ASGI, from the site's peer address."""
        return asyncio.run(self.asking(method, path, **named))

    async def asking(self, method: str, path: str, **named: Any) -> httpx.Response:
        """``ask`` for tests with a loop of their own."""
        transport = httpx.ASGITransport(self.collector, client=(self.peer, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://collector") as client:
            return await client.request(method, path, **named)

    def send(self, body: Any, **named: Any) -> httpx.Response:
        """Events to /v1/events with the key that may write."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {
            "Authorization": f"Bearer {self.keys.write}",
            "Content-Type": "application/cloudevents-batch+json"
            if isinstance(body, list)
            else "application/cloudevents+json",
            **named.pop("headers", {}),
        }
        return self.ask("POST", "/v1/events", content=content, headers=headers, **named)

    def token(self, purpose: Purpose, workspace: str = DEMO, **named: Any) -> str:
        """A genuine token that is valid for a year."""
        number = self.parts.access.workspace(workspace).number
        given = {
            "recipient": RECIPIENT,
            "about": MESSAGE,
            "expiry": self.parts.clock() // 1000 + 31_536_000,
            "link": LINK if purpose is Purpose.CLICK else 0,
        }
        token = Token(number, **{**given, **named})
        return sign(purpose, token, self.parts.vault.token_keys(workspace))

    def pixel(self, **named: Any) -> str:
        """The path of a genuine pixel."""
        return f"/o/{self.token(Purpose.OPEN, **named)}.gif"

    def click(self, **named: Any) -> str:
        """The path of a genuine link."""
        return f"/c/{self.token(Purpose.CLICK, **named)}"

    def register_link(self, **more: Any) -> None:
        """The link that click tokens name."""
        entry = {"number": LINK_TEXT, "url": "https://shop.example.com/a?x=1#f", **more}
        register(self.parts, "link", entry)

    def register_form(self, *, version: int = 1, **more: Any) -> None:
        """The form at /f/FORM: a name, an e-mail address that is required, a country."""
        entry = {
            "form_id": str(FORM),
            "name": "Landing page",
            "redirect_url": THANKS,
            "origins": [ORIGIN],
            "fields": [
                {"name": "name", "max_length": 20},
                {"name": "email", "kind": "email", "required": True},
                {"name": "country", "kind": "country"},
            ],
            **more,
        }
        register(self.parts, "form", entry, version=version)

    def register_source(self, *, version: int = 1, **more: Any) -> None:
        """The source at /e/SOURCE, for pages of ORIGIN."""
        entry = {"source_id": str(SOURCE), "name": "Page", "origins": [ORIGIN], **more}
        register(self.parts, "source", entry, version=version)

    def call(self, *calls: Any, **headers: str) -> httpx.Response:
        """Calls of a page's script, as it sends them."""
        body = calls[0] if len(calls) == 1 else {"batch": list(calls)}
        sent = {"Origin": ORIGIN, "Content-Type": "text/plain", **headers}
        return self.ask("POST", f"/e/{SOURCE}", content=orjson.dumps(body), headers=sent)

    def events(self, topic: Topic = Topic.FACTS) -> list[Event]:
        """Everything in a topic of the log."""
        return [decode(record) for record in stored(self.parts.log, topic)]

    def event(self, topic: Topic = Topic.FACTS) -> Event:
        """The only event of a topic."""
        (one,) = self.events(topic)
        return one

    def data(self, topic: Topic = Topic.FACTS) -> Any:
        """The data of the only event of a topic."""
        return orjson.loads(self.event(topic).data)


def cloud_event(name: str = "e-1", kind: str = "order.placed", **more: Any) -> dict[str, Any]:
    """A CloudEvent as a shop would send it."""
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "/shop",
        "type": kind,
        "time": "2026-10-14T12:00:00Z",
        "data": {
            "order_id": "o-1",
            "product_id": "p-1",
            "category": "books",
            "total": {"amount": "12.50", "currency": "EUR"},
        },
    }
    return {**event, **more}
