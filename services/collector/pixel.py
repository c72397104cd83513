"""``GET|HEAD /o/{token}.gif``: a mail was opened (interfaces, section 1.2)."""

from __future__ import annotations

from schemas.catalogue import load_all
from schemas.errors import UnavailableError
from services.collector.consent import heard, message_of
from services.collector.hits import HitRecords
from services.collector.request import Doorway, Request
from services.collector.tokens import Purpose
from services.http import Response
from services.metrics import EVENTS_APPENDED, EVENTS_REJECTED

GIF = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_HEADERS = (
    (b"content-type", b"image/gif"),
    (b"content-length", b"43"),
    (b"cache-control", b"no-store, no-cache, must-revalidate, private, max-age=0"),
    (b"pragma", b"no-cache"),
    (b"expires", b"0"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
)
IMAGE = Response(200, _HEADERS, GIF)
IMAGE_UNSTORED = Response(503, (*_HEADERS, (b"retry-after", b"1")), GIF)


class Pixel:
    """Always answers the image; 200 only if there is nothing to store or it is stored."""

    methods = "GET, HEAD"

    def __init__(self, doorway: Doorway) -> None:
        parts = doorway.parts
        self._doorway = doorway
        self._access, self._random = parts.access, parts.random
        self._kind = load_all().newest("email.opened")
        self._records = HitRecords(parts.clock, parts.random, "pixel")
        self._appended = EVENTS_APPENDED.labels(self._kind.channel, self._kind.name)
        self._forged = EVENTS_REJECTED.labels("bad_token")
        self._lost = EVENTS_REJECTED.labels("log_unavailable")

    async def answer(self, request: Request) -> Response:
        """Store the hit, then answer."""
        genuine = await self._doorway.rings.read(Purpose.OPEN, request.rest.removesuffix(".gif"))
        if genuine is None:
            self._forged.inc()
            return IMAGE
        genuine = heard(self._access, genuine, request.headers, self._random)
        if genuine is None:
            return IMAGE
        data = {**message_of(genuine), "hit": self._doorway.hit(request)}
        record = self._records.make(self._kind, genuine, request.headers, data)
        try:
            await self._doorway.appender.add(record)
        except UnavailableError:
            self._lost.inc()
            return IMAGE_UNSTORED
        self._appended.inc()
        return IMAGE
