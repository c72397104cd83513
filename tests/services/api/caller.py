"""A caller of the API under test: an HTTP client with a key, and commands in a line."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import httpx

from events.codec import decode, payload_of
from events.log import StoredRecord
from schemas.catalogue import Topic
from schemas.envelope import Event
from schemas.payload import Payload
from services.api.app import build_api
from services.parts import Parts

API = "/api/v1"


class Caller:
    """Sends requests under one key. ``post`` takes a fresh idempotency key unless told one."""

    def __init__(self, parts: Parts, secret: str) -> None:
        self._transport = httpx.ASGITransport(build_api(parts))
        self.headers = {"Authorization": f"Bearer {secret}"}
        self._keys = count()

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        """A request with nothing added to it."""
        return asyncio.run(self._ask(method, path, **said))

    async def _ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=self._transport, base_url="http://answerback.test"
        ) as client:
            return await client.request(method, path, **said)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.ask("GET", API + path, params=params, headers=self.headers)

    def post(
        self, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> httpx.Response:
        name = f"key-{next(self._keys)}-{id(self)}" if key is None else key
        said = {**self.headers, "Idempotency-Key": name, **headers}
        content = {} if body is None else {"json": body}
        return self.ask("POST", API + path, headers=said, **content)

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.ask("PATCH", API + path, json=body, headers={**self.headers, **headers})

    def done(self, path: str, body: Any = None, key: str | None = None) -> dict[str, Any]:
        """A command that must succeed."""
        reply = self.post(path, body, key)
        assert reply.is_success, reply.text
        told: dict[str, Any] = reply.json()
        return told

    def campaign(self, **fields: Any) -> dict[str, Any]:
        return self.done("/campaigns", {"name": "Spring", "goal": "awareness", **fields})

    def activity(self, campaign_id: str, **fields: Any) -> dict[str, Any]:
        body = {"channel": "email", **fields}
        return self.done(f"/campaigns/{campaign_id}/activities", body)


def decisions(parts: Parts) -> list[tuple[Event, Payload]]:
    """All decisions in the log, by partition."""
    records: list[StoredRecord] = []
    for partition in range(parts.log.partitions):
        records += parts.log.read(Topic.DECISIONS, partition, 0, 10_000).records
    return [(event, payload_of(event)) for event in map(decode, records)]


def types_of(parts: Parts) -> list[str]:
    """The types of all decisions in the log."""
    return [event.type for event, _ in decisions(parts)]


def problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    """The problem a refused request is answered with."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = reply.json()
    assert told["status"] == status
    assert told["detail"]
    assert told["request_id"] == reply.headers["x-request-id"]
    assert "Traceback" not in reply.text
    return told
