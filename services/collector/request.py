"""One request as the doors see it, and what all doors work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from services.collector.append import Appender
from services.collector.privacy import Privacy, SeenHit
from services.collector.rings import Rings
from services.http import Callers, Headers, Incoming, Scope, read_body
from services.parts import Parts


class Request(NamedTuple):
    """A request at a door; ``rest`` is the path behind the door's own part of it."""

    scope: Scope
    receive: Incoming
    headers: Headers
    method: str
    path: str
    rest: str


@dataclass(frozen=True, slots=True)
class Doorway:
    """What every door works with."""

    parts: Parts
    rings: Rings
    callers: Callers
    privacy: Privacy
    appender: Appender

    def address(self, request: Request) -> str:
        """The whole address of the real caller, never to be stored."""
        return self.callers.address(request.scope, request.headers)

    def hit(self, request: Request) -> SeenHit:
        """What is kept of the request."""
        return self.privacy.hit(self.address(request), request.method, request.headers)

    async def body(self, request: Request) -> bytes:
        """The request's body, within the limits that the settings give."""
        settings = self.parts.settings
        return await read_body(
            request.headers,
            request.receive,
            settings.max_body_bytes,
            settings.body_timeout_seconds,
        )
