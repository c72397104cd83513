"""``GET|HEAD /o/{token}.gif``: a mail was opened (interfaces, section 1.2)."""

from __future__ import annotations

from events.log import Record
from schemas.catalogue import load_all
from schemas.errors import UnavailableError
from services.collector.consent import heard, message_of
from services.collector.hits import HitRecords
from services.collector.request import Doorway, Request
from services.collector.rings import Genuine
from services.collector.tokens import Purpose
from services.http import Response
from services.metrics import EVENTS_APPENDED, EVENTS_REJECTED
from services.prompt import Fixed, Reply, fixed

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
IMAGE = fixed(Response(200, _HEADERS, GIF))
IMAGE_UNSTORED = fixed(Response(503, (*_HEADERS, (b"retry-after", b"1")), GIF))


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
        genuine = await self._doorway.rings.read(Purpose.OPEN, _token_in(request))
        record = self._record(request, genuine)
        if record is None:
            return IMAGE.response
        try:
            await self._doorway.appender.add(record)
        except UnavailableError as error:
            return self._image(error).response
        return self._image(None).response

    def begin(self, request: Request, reply: Reply) -> bool:
        """``answer`` for who cannot wait: false if the token's key is not at hand."""
        try:
            genuine = self._doorway.rings.read_known(Purpose.OPEN, _token_in(request))
        except LookupError:
            return False
        record = self._record(request, genuine)
        if record is None:
            reply(IMAGE)
        else:
            self._doorway.appender.then(record, lambda failure: reply(self._image(failure)))
        return True

    def _record(self, request: Request, genuine: Genuine | None) -> Record | None:
        """What is to be stored of a hit, if anything."""
        if genuine is None:
            self._forged.inc()
            return None
        told = heard(self._access, genuine, request.headers, self._random)
        if told is None:
            return None
        data = {**message_of(told), "hit": self._doorway.hit(request)}
        return self._records.make(self._kind, told, request.headers, data)

    def _image(self, failure: BaseException | None) -> Fixed:
        """The picture, now that the log has answered."""
        if failure is not None:
            self._lost.inc()
            return IMAGE_UNSTORED
        self._appended.inc()
        return IMAGE


def _token_in(request: Request) -> str:
    return request.rest.removesuffix(".gif")
