"""The way in to the management API: ids, limits, strict JSON, and no error without an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from schemas.errors import AnswerbackError, UnsupportedMedia
from services import http
from services.collector.strictjson import parse
from services.http import App, Headers, Incoming, Message, Receive, Scope, Send
from services.parts import Parts
from services.problems import MEDIA_TYPE, Problem, problem_of

_JSON = b"application/json"
_FORMS = ("/login", "/logout")
_BODY_METHODS = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_ALWAYS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
log = logging.getLogger(__name__)


class Door:
    """Wraps the application: everything it is given is bounded and well-formed."""

    def __init__(self, app: App, parts: Parts, end: Callable[[], None]) -> None:
        self._app = app
        self._parts = parts
        self.end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = http.headers_of(scope)
        incoming = Incoming(receive)
        visit = _Visit(scope, http.request_id(headers, self._parts.random), incoming, send)
        try:
            inner, receive = await self._admitted(scope, headers, incoming)
            inner["state"]["request_id"] = visit.request_id
            await self._app(inner, receive, visit.send)
        except AnswerbackError as error:
            await visit.refuse(problem_of(error))
        except Exception as error:
            log.exception("Request %s failed.", visit.request_id)
            await visit.refuse(problem_of(error))

    async def _admitted(
        self, scope: Scope, headers: Headers, receive: Receive
    ) -> tuple[Scope, Receive]:
        inner = {**scope, "state": dict(scope.get("state", {}))}
        if scope["method"] not in _BODY_METHODS:
            return inner, receive
        settings = self._parts.settings
        body = await http.read_body(
            headers, receive, settings.max_body_bytes, settings.body_timeout_seconds
        )
        inner["state"]["body"] = body
        json = _is_json(scope["path"], headers, body)
        inner["headers"] = _plain_headers(scope, body, json=json)
        if body and json:
            # A body of some size takes milliseconds: not on the event loop.
            await asyncio.to_thread(parse, body)
        return inner, _replayed(body, receive)


def _is_json(path: str, headers: Headers, body: bytes) -> bool:
    """Whether the body is to be JSON: all are but the page's forms. Raises ``UnsupportedMedia``."""
    if path in _FORMS:
        return False
    kind = http.media_type(headers)
    if kind in ("", "application/json") or kind.endswith("+json") or not body:
        return True
    raise UnsupportedMedia("Send the body as JSON, with Content-Type: application/json.")


def _plain_headers(scope: Scope, body: bytes, *, json: bool) -> list[tuple[bytes, bytes]]:
    """The headers as they would be had the body come plain and well labeled."""
    replaced = {b"content-length", b"content-encoding", b"transfer-encoding"}
    if json:
        replaced.add(b"content-type")
    kept = [(name, value) for name, value in scope["headers"] if name not in replaced]
    labeled = [(b"content-type", _JSON)] if json else []
    return [*kept, *labeled, (b"content-length", str(len(body)).encode())]


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


class _Visit:
    """One request on its way: knows whether the reply has begun."""

    def __init__(self, scope: Scope, request_id: str, incoming: Incoming, send: Send) -> None:
        self.request_id = request_id
        self._path: str = scope["path"]
        self._head = scope["method"] == "HEAD"
        self._unread = scope["method"] in _BODY_METHODS
        self._incoming = incoming
        self._send = send
        self._begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            message = {**message, "headers": self._with_id(message["headers"])}
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        if self._begun:
            return  # half an answer is out; the log has the rest
        body = problem.body(self._path, self.request_id)
        extra: dict[str, Any] = dict(problem.headers)
        reply = http.response(problem.status, body, MEDIA_TYPE)
        headers = [(k.lower().encode(), v.encode()) for k, v in extra.items()]
        whole = http.Response(
            reply.status, (*reply.headers, *headers, *self._with_id([])), reply.body
        )
        if self._unread and not self._incoming.complete:
            await http.refuse(self._send, self._incoming, whole)
        else:
            await http.send_response(self._send, whole, head=self._head)

    def _with_id(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        given = {name for name, _ in headers}
        always = [(name, value) for name, value in _ALWAYS if name not in given]
        return [*headers, *always, (b"x-request-id", self.request_id.encode())]
