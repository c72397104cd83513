"""The collector as one plain ASGI application: which request goes to which door."""

from __future__ import annotations

import logging
from typing import Protocol

from schemas.errors import AnswerbackError, NotFound
from services.collector import cors
from services.collector.append import Appender
from services.collector.click import Click
from services.collector.confirm import Confirm
from services.collector.consent import with_dnt
from services.collector.events_door import EventsDoor
from services.collector.forms import FormDoor
from services.collector.gpc import PATH as GPC
from services.collector.gpc import WellKnown
from services.collector.ip_lists import apple_list
from services.collector.pages import page
from services.collector.pixel import Pixel
from services.collector.privacy import Privacy
from services.collector.request import Doorway, Request
from services.collector.rings import Rings
from services.collector.source_door import SourceDoor
from services.collector.sources import Script
from services.collector.unsubscribe import Unsubscribe
from services.http import (
    Callers,
    Headers,
    Incoming,
    Receive,
    Response,
    Scope,
    Send,
    headers_of,
    refuse,
    request_id,
    response,
    send_response,
    text_of,
)
from services.parts import Parts
from services.problems import MEDIA_TYPE, Problem, method_refused, problem_of
from services.prompt import Reply

EVENTS = "/v1/events"
_FOR_PEOPLE = ("/c/", "/f/", "/u/", "/d/")
_PIXEL = "/o/"
_PREFIX = 3

log = logging.getLogger(__name__)


class Door(Protocol):
    """What takes the requests of one path; ``methods`` is written as the header Allow wants it."""

    methods: str

    async def answer(self, request: Request) -> Response:
        """Store what came, then answer. Raises any ``AnswerbackError``."""


def route_of(path: str) -> str | None:
    """The collector's route that a path belongs to, by its pattern; ``None`` if it has none."""
    if path in (EVENTS, GPC):
        return path
    return _ROUTES.get(path[:_PREFIX])


_ROUTES = {
    "/o/": "/o/{token}.gif",
    "/c/": "/c/{token}",
    "/f/": "/f/{form}",
    "/u/": "/u/{token}",
    "/d/": "/d/{token}",
    "/e/": "/e/{source}",
    "/s/": "/s/{source}.js",
}


class Collector:
    """Every tracking path and the door for CloudEvents."""

    def __init__(self, parts: Parts) -> None:
        settings = parts.settings
        self._random = parts.random
        lists = [apple_list(settings.apple_ranges_file)] if settings.apple_ranges_file else []
        rings = Rings(parts.access, parts.vault, parts.rings_file)
        rings.start()
        doorway = Doorway(
            parts,
            rings,
            Callers(settings.trusted_proxies),
            Privacy(lists),
            Appender(parts.log, settings.log_commit_timeout_seconds),
        )
        self._events = EventsDoor(doorway)
        self._pixel = Pixel(doorway)
        self._doors: dict[str, Door] = {
            _PIXEL: self._pixel,
            "/c/": Click(doorway),
            "/f/": FormDoor(doorway),
            "/u/": Unsubscribe(doorway),
            "/d/": Confirm(doorway),
            "/e/": SourceDoor(doorway),
            "/s/": Script(doorway),
        }
        self._single: dict[str, Door] = {EVENTS: self._events, GPC: WellKnown()}
        self._reference = parts.reference
        self._dnt_as_gpc = settings.dnt_as_gpc

    def begin(self, scope: Scope, receive: Receive, reply: Reply) -> bool:
        """Take a pixel without a task, as nearly all can be; what is not taken is for ``respond``.

        Pixels are most of what comes, and often all at once.
        """
        path: str = scope["path"]
        if not path.startswith(_PIXEL) or scope["method"] != "GET":
            return False
        request = Request(
            scope, Incoming(receive), self._headers(scope), "GET", path, path[_PREFIX:]
        )
        try:
            return self._pixel.begin(request, reply)
        except Exception:
            log.exception("A pixel is tried again in a task, which will tell of this.")
            return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.respond(scope, receive, send)

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer a request; tells with which code."""
        headers = self._headers(scope)
        incoming = Incoming(receive)
        method: str = scope["method"]
        try:
            reply = await self._answer(scope, headers, incoming)
        except AnswerbackError as error:
            reply = self._refusal(scope, headers, problem_of(error))
        except Exception as error:
            log.exception("A request to %s failed.", route_of(scope["path"]))
            reply = self._refusal(scope, headers, problem_of(error))
        if scope["path"].startswith(cors.DOORS):
            reply = cors.shared(reply, self._reference, scope["path"], headers)
        if reply.status >= 400 and method == "POST" and not incoming.complete:
            await refuse(send, incoming, reply)
        else:
            await send_response(send, reply, head=method == "HEAD")
        return reply.status

    def _headers(self, scope: Scope) -> Headers:
        headers = headers_of(scope)
        return with_dnt(headers) if self._dnt_as_gpc else headers

    async def _answer(self, scope: Scope, headers: Headers, incoming: Incoming) -> Response:
        path: str = scope["path"]
        door = self._single.get(path) or self._doors.get(path[:_PREFIX])
        if door is None:
            raise NotFound("There is nothing at this address.")
        method: str = scope["method"]
        if method == "OPTIONS" and path.startswith(cors.DOORS):
            return cors.preflight()
        if method not in door.methods.split(", "):
            return self._refusal(scope, headers, method_refused(door.methods))
        request = Request(scope, incoming, headers, method, path, path[_PREFIX:])
        reply = await door.answer(request)
        return self._identified(reply, headers) if door is self._events else reply

    def _identified(self, reply: Response, headers: Headers) -> Response:
        """A reply to a program, which may want to ask about it later."""
        identity = (b"x-request-id", request_id(headers, self._random).encode())
        return reply._replace(headers=(*reply.headers, identity))

    def _refusal(self, scope: Scope, headers: Headers, problem: Problem) -> Response:
        path: str = scope["path"]
        extra = {name.lower().replace("-", "_"): value for name, value in problem.headers.items()}
        identity = request_id(headers, self._random)
        if path.startswith(_FOR_PEOPLE) and "text/html" in text_of(headers, b"accept"):
            faults = [f"{fault.pointer[1:]}: {fault.detail}" for fault in problem.faults]
            sentences = [problem.detail, *faults]
            return page(
                problem.status, "This did not work", sentences, x_request_id=identity, **extra
            )
        body = problem.body(path, identity)
        return response(
            problem.status, body, MEDIA_TYPE,
            x_request_id=identity, cache_control="no-store", **extra,
        )  # fmt: skip
