"""``POST /v1/events``: CloudEvents 1.0, one, many, or in binary mode (interfaces, section 5.2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

import orjson

from events.log import Appended
from schemas.channels import channel_of
from schemas.errors import (
    Fault,
    InvalidInput,
    RateExceeded,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from services.access import Principal, Scope
from services.collector.batch import Batch, Batches
from services.collector.conflicts import Conflicts
from services.collector.intake import Intake
from services.collector.rehearsal import Rehearsal, Rehearsed
from services.collector.request import Doorway, Request
from services.collector.strictjson import parse, parse_items
from services.collector.undone import UndoneBatches
from services.commands.batches import stream_of
from services.http import Headers, Response, media_type, response, text_of
from services.metrics import EVENTS_APPENDED, EVENTS_DUPLICATE, EVENTS_REJECTED
from services.quotas import Quotas

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
_ATTRIBUTE = b"ce-"
# Requests worked on at one time; with bodies of 1 MiB this is what bounds the memory they take.
MOST_AT_ONCE = 64
# Making events is all work for the interpreter, which has one thread at a time: more makers would
# only take it from each other. The second works while the first waits for the vault's disk.
_MAKERS = 2
T = TypeVar("T")


class EventsDoor:
    """Takes facts from whoever has a key that may write."""

    methods = "POST"

    def __init__(self, doorway: Doorway) -> None:
        parts = doorway.parts
        limit = parts.settings.max_event_bytes
        self._doorway = doorway
        intake = Intake(parts.reference, doorway.privacy, limit)
        undone = UndoneBatches(
            lambda workspace, batch: parts.gate.state_of(workspace, stream_of(batch)).version > 0
        )
        self._batches = Batches(intake, parts.composer, undone)
        self._rehearsal = Rehearsal(intake, parts.composer, parts.log, undone)
        self._conflicts = Conflicts(parts.log, parts.clock)
        self._busy = 0
        self._makers = ThreadPoolExecutor(_MAKERS, thread_name_prefix="events")
        limits = parts.settings
        self._quotas = Quotas(
            parts.clock, "events", limits.requests_per_minute, limits.events_per_minute
        )

    async def answer(self, request: Request) -> Response:
        """Take what can be taken, and tell what cannot."""
        principal = await asyncio.to_thread(self._principal, request.headers)
        if self._busy >= MOST_AT_ONCE:
            raise RateExceeded("The server takes no more requests at this moment.", 1)
        self._busy += 1
        try:
            return await self._taken(request, principal)
        finally:
            self._busy -= 1

    def _principal(self, headers: Headers) -> Principal:
        scheme, _, secret = text_of(headers, b"authorization").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("Send an API key as 'Authorization: Bearer ab_...'.")
        principal = self._doorway.parts.access.authenticate(secret.strip())
        principal.require(Scope.WRITE)
        self._quotas.take(principal.key_id)
        return principal

    async def _taken(self, request: Request, principal: Principal) -> Response:
        body = await self._doorway.body(request)
        if _is_dry(request):
            told = await self._in_turn(self._rehearsed, principal, request.headers, body)
            return _answer(200, asdict(told))
        batch = await self._in_turn(self._batch, principal, request.headers, body)
        appended = Appended(())
        if batch.records:
            appended = await self._doorway.appender.append(batch.records)
        if appended.conflicts:
            differing = await asyncio.to_thread(self._conflicts.records, batch.records, appended)
            if differing:
                await self._doorway.appender.append(differing)
        return _receipt(batch, appended)

    async def _in_turn(self, make: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._makers, make, *arguments)

    def _batch(self, principal: Principal, headers: Headers, body: bytes) -> Batch:
        items = self._bounded(principal, headers, body)
        return self._batches.make(principal, items, self._doorway.parts.clock())

    def _rehearsed(self, principal: Principal, headers: Headers, body: bytes) -> Rehearsed:
        items = self._bounded(principal, headers, body)
        return self._rehearsal.try_out(principal, items, self._doorway.parts.clock())

    def _bounded(self, principal: Principal, headers: Headers, body: bytes) -> Sequence[Any]:
        items = _items(headers, body)
        most = self._doorway.parts.settings.max_batch_events
        if len(items) > most:
            raise TooLarge(f"A request may have at most {most} events. Send fewer at once.")
        self._quotas.take(principal.key_id, requests=0, events=len(items))
        return items


def _is_dry(request: Request) -> bool:
    """Whether the request is only to be tried. Raises ``InvalidInput``: a slip must not store."""
    asked = parse_qs(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    said = asked.get("dry_run", ["false"])
    if said not in (["true"], ["false"]):
        fault = Fault("/dry_run", "Send dry_run=true, dry_run=false, or leave it out.")
        raise InvalidInput("Whether this is a dry run cannot be read.", (fault,))
    return said == ["true"]


def _items(headers: Headers, body: bytes) -> Sequence[Any]:
    kind = media_type(headers)
    charset = text_of(headers, b"content-type").lower().partition("charset=")[2].strip(' "')
    if charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMedia("Send JSON in UTF-8.")
    if kind == MANY:
        return parse_items(body)
    if kind == ONE:
        return [parse(body)]
    if kind not in ("", "application/json") and not kind.endswith("+json"):
        raise UnsupportedMedia(f"Send {ONE}, {MANY}, or JSON with ce- headers.")
    if b"ce-specversion" in headers:
        return [_binary(headers, body)]
    return parse_items(body) if body.lstrip()[:1] == b"[" else [parse(body)]


def _binary(headers: Headers, body: bytes) -> dict[str, Any]:
    """An event whose attributes are headers, percent-encoded, and whose body is its data."""
    try:
        event: dict[str, Any] = {
            name[len(_ATTRIBUTE) :].decode("ascii"): unquote(value.decode("ascii"), errors="strict")
            for name, value in headers.items()
            if name.startswith(_ATTRIBUTE)
        }
    except UnicodeDecodeError:
        raise InvalidInput("A ce- header is not percent-encoded UTF-8.") from None
    if body:
        event["data"] = parse(body)
    return event


def _receipt(batch: Batch, appended: Appended) -> Response:
    duplicates = sum(place in batch.kinds for place in appended.duplicates)
    new = Counter(
        kind.name for place, kind in batch.kinds.items() if place not in appended.duplicates
    )
    for name, count in new.items():
        EVENTS_APPENDED.labels(channel_of(name), name).inc(count)
    EVENTS_DUPLICATE.inc(duplicates)
    for one in batch.rejected:
        EVENTS_REJECTED.labels(one.reason).inc()
    receipt = {
        "accepted": len(batch.kinds) - duplicates,
        "duplicates": duplicates,
        "rejected": batch.rejected,
        "position": appended.position,
    }
    if conflicted := _conflicted(batch, appended):
        receipt["conflicted"] = conflicted
    return _answer(202, receipt)


def _conflicted(batch: Batch, appended: Appended) -> list[int]:
    """Which of the events sent differ from the first copy, by their index in the request."""
    lost = {one.index for one in batch.rejected}
    taken = [i for i in range(len(batch.kinds) + len(lost)) if i not in lost]
    places = sorted(batch.kinds)
    return [i for i, place in zip(taken, places, strict=True) if place in appended.conflicts]


def _answer(status: int, told: dict[str, Any]) -> Response:
    return response(status, orjson.dumps(told), "application/json", cache_control="no-store")
