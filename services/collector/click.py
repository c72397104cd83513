"""``GET|HEAD /c/{token}``: a link of a message was followed (interfaces, section 1.3).

Never an open redirect: the token names a registered link, and only its destination is answered.
"""

from __future__ import annotations

import asyncio

from events.log import Record
from schemas.catalogue import EventType, load_all
from schemas.errors import ReferenceMissing, UnavailableError
from schemas.ids import link_text
from schemas.registries import LinkEntry
from services.collector.consent import heard, message_of
from services.collector.hits import HitRecords
from services.collector.pages import page
from services.collector.redirects import location
from services.collector.request import Doorway, Request
from services.collector.rings import Genuine
from services.collector.tokens import Purpose
from services.http import Response
from services.metrics import EVENTS_APPENDED, EVENTS_REJECTED

NOT_FOUND = page(
    404, "There is no such link", ("The address is not complete, or it was not made by us.",)
)


class Click:
    """Stores the hit and redirects; a person is redirected even if the hit cannot be stored."""

    methods = "GET, HEAD"

    def __init__(self, doorway: Doorway) -> None:
        parts = doorway.parts
        self._doorway = doorway
        self._records = HitRecords(parts.clock, parts.random, "click")
        known = load_all()
        self._kinds: dict[str, EventType] = {
            channel: known.newest(f"{channel}.clicked") for channel in ("email", "sms", "push")
        }

    async def answer(self, request: Request) -> Response:
        """Store the hit, then redirect."""
        genuine = await self._doorway.rings.read(Purpose.CLICK, request.rest)
        if genuine is None:
            EVENTS_REJECTED.labels("bad_token").inc()
            return NOT_FOUND
        entry = await self._link(genuine)
        parts = self._doorway.parts
        told = heard(parts.access, genuine, request.headers, parts.random)
        record = self._record(request, told, entry) if told else None
        # A click that names nobody joins nothing either.
        click_id = record.event_id.hex if record and told == genuine else ""
        try:
            target = location(entry, click_id)
        except ValueError:
            # Registration refuses such a destination; an entry from before a rule may hold one.
            EVENTS_REJECTED.labels("bad_destination").inc()
            return NOT_FOUND
        if record is not None:
            await self._store(record, self._kinds[entry.channel])
        return _redirect(target)

    async def _store(self, record: Record, kind: EventType) -> None:
        try:
            await self._doorway.appender.add(record)
            EVENTS_APPENDED.labels(kind.channel, kind.name).inc()
        except UnavailableError:
            EVENTS_REJECTED.labels("log_unavailable").inc()

    async def _link(self, genuine: Genuine) -> LinkEntry:
        """The token's link; one that is not known yet is read through."""
        reference = self._doorway.parts.reference
        number = link_text(genuine.token.link)
        entry = reference.link(genuine.workspace, number)
        if entry is None:
            await asyncio.to_thread(reference.refresh)
            entry = reference.link(genuine.workspace, number)
        if entry is None:
            raise ReferenceMissing("The link is not known here yet. Try again in a moment.")
        return entry

    def _record(self, request: Request, genuine: Genuine, entry: LinkEntry) -> Record:
        data = {
            **message_of(genuine),
            "link_id": entry.number,
            "link_kind": entry.kind,
            "url": entry.url,
            "hit": self._doorway.hit(request),
        }
        if entry.group is not None:
            data["link_group"] = entry.group
        return self._records.make(self._kinds[entry.channel], genuine, request.headers, data)


def _redirect(target: str) -> Response:
    return Response(
        302,
        (
            (b"location", target.encode("ascii")),
            (b"content-length", b"0"),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-robots-tag", b"noindex"),
        ),
    )
