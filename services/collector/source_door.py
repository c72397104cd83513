"""``POST /e/{source}``: what the script of a landing page tells (interfaces, section 1.4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import orjson

from events.compose import Draft
from events.log import Record
from schemas.catalogue import EventType
from schemas.errors import Forbidden, InputError, InvalidInput, TooLarge, UnsupportedMedia
from services.access import GpcMode
from services.collector.call_drafts import CallDrafts, Visit
from services.collector.calls import items_of
from services.collector.conflicts import Conflicts
from services.collector.consent import dropped, mode_of
from services.collector.privacy import flags_of
from services.collector.rates import Rates
from services.collector.request import Doorway, Request
from services.collector.sources import find_source
from services.collector.strictjson import parse
from services.http import Response, media_type, text_of
from services.metrics import EVENTS_APPENDED, EVENTS_DUPLICATE, EVENTS_REJECTED
from services.quotas import Quotas
from services.reference import OwnedSource

_TAKEN = ("", "text/plain", "application/json")
DONE = Response(204, ((b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer")))
Made: TypeAlias = tuple[Record, EventType]
log = logging.getLogger(__name__)


class SourceDoor:
    """Takes every call of a page it knows; what cannot be mapped is kept as it is."""

    methods = "POST"

    def __init__(self, doorway: Doorway) -> None:
        parts = doorway.parts
        settings = parts.settings
        self._doorway = doorway
        self._drafts = CallDrafts(parts.random)
        self._conflicts = Conflicts(parts.log, parts.clock)
        self._rates = Rates(parts.clock)
        self._quotas = Quotas(
            parts.clock, "source", settings.requests_per_minute, settings.events_per_minute
        )

    async def answer(self, request: Request) -> Response:
        """Store what came. Raises ``RateExceeded`` and ``LogUnavailable``: then nothing is."""
        owner = await find_source(self._doorway.parts.reference, request.rest)
        _check_origin(owner, request)
        limit = self._doorway.parts.settings.source_rate_per_minute
        self._rates.check(self._doorway.address(request), owner.source.source_id, limit, "source")
        self._quotas.take(str(owner.source.source_id))
        body = await self._doorway.body(request)
        if media_type(request.headers) not in _TAKEN:
            raise UnsupportedMedia("Send JSON as text/plain or application/json.")
        items = await asyncio.to_thread(self._items, owner, body)
        visit = self._visit(request, owner)
        if visit.mode is GpcMode.DROP:
            dropped(len(items))
        else:
            await self._store(await asyncio.to_thread(self._taken, visit, items))
        return DONE

    def _items(self, owner: OwnedSource, body: bytes) -> list[Any]:
        items = items_of(parse(body))
        most = self._doorway.parts.settings.max_batch_events
        if len(items) > most:
            raise TooLarge(f"A batch may have at most {most} calls. Send fewer at once.")
        self._quotas.take(str(owner.source.source_id), requests=0, events=len(items))
        return items

    def _visit(self, request: Request, owner: OwnedSource) -> Visit:
        parts = self._doorway.parts
        mode = mode_of(parts.access, owner.workspace, request.headers)
        hit = asdict(self._doorway.hit(request))
        return Visit(owner, hit, flags_of(request.headers), mode, parts.clock())

    def _taken(self, visit: Visit, items: Sequence[Any]) -> list[Made]:
        """The records of all calls, and their types. Blocks for the vault."""
        found = [(item, drafts) for item in items if (drafts := self._drafts_of(visit, item))]
        try:
            return self._made([draft for _, drafts in found for draft in drafts])
        except InvalidInput:
            # What sealing refuses spoils a whole batch, so find the one that it is.
            return [one for item, drafts in found for one in self._alone(visit, item, drafts)]

    def _alone(self, visit: Visit, item: Any, drafts: list[Draft]) -> list[Made]:
        try:
            return self._made(drafts)
        except InvalidInput as error:
            _reject(visit, "invalid", str(error))
            return self._made(self._kept(visit, item))

    def _made(self, drafts: list[Draft]) -> list[Made]:
        records = self._doorway.parts.composer.records(drafts)
        return [(record, draft.kind) for record, draft in zip(records, drafts, strict=True)]

    def _kept(self, visit: Visit, item: Any) -> list[Draft]:
        """The whole of what could not be read; nobody's name can be taken out of that."""
        anonymous = visit.mode is GpcMode.ANONYMOUS
        return [] if anonymous else [self._drafts.unrecognized(visit, item)]

    def _drafts_of(self, visit: Visit, item: Any) -> list[Draft]:
        limit = self._doorway.parts.settings.max_event_bytes
        if len(orjson.dumps(item)) > limit:
            _reject(visit, "too_large", f"It has more than {limit} bytes.")
            return []
        try:
            drafts = self._drafts.of(visit, item)
        except InputError as error:
            _reject(visit, "invalid", str(error))
            return self._kept(visit, item)
        if not drafts:
            dropped()
        return drafts

    async def _store(self, made: Sequence[Made]) -> None:
        if not made:
            return
        records = [record for record, _ in made]
        appended = await self._doorway.appender.append(records)
        if appended.conflicts:
            told = await asyncio.to_thread(self._conflicts.records, records, appended)
            if told:
                await self._doorway.appender.append(told)
        EVENTS_DUPLICATE.inc(len(appended.duplicates))
        for place, (_, kind) in enumerate(made):
            if place not in appended.duplicates:
                EVENTS_APPENDED.labels(kind.channel, kind.name).inc()


def _check_origin(owner: OwnedSource, request: Request) -> None:
    origin = text_of(request.headers, b"origin")
    if origin and owner.source.origins and origin not in owner.source.origins:
        raise Forbidden("This source takes nothing from this page.")


def _reject(visit: Visit, reason: str, detail: str) -> None:
    EVENTS_REJECTED.labels(reason).inc()
    # Never the content: it may be somebody's.
    log.info("A call to %s was not taken as it is: %s", visit.producer, detail)
