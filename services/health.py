"""What a process without the management API answers: that it lives, is ready, and its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from schemas.clock import RandomBytes
from schemas.errors import AnswerbackError, NotFound
from services.access import Access
from services.access import Scope as Right
from services.http import (
    Message,
    Receive,
    Response,
    Scope,
    Send,
    headers_of,
    request_id,
    response,
    send_response,
    text_of,
)
from services.metrics import CONTENT_TYPE, render
from services.problems import MEDIA_TYPE, problem_of
from services.prompt import Reply

Check = Callable[[], str]
"""Answers what is wrong, or nothing. May block for a store."""


class Health:
    """One plain ASGI application."""

    def __init__(
        self,
        access: Access,
        random: RandomBytes,
        checks: Mapping[str, Check],
        measure: Callable[[], None],
    ) -> None:
        """``measure`` sets the metrics that are only known when they are asked for."""
        self._access = access
        self._random = random
        self._checks = checks
        self._measure = measure

    def begin(self, scope: Scope, receive: Receive, reply: Reply) -> bool:
        """Nothing is asked so often that it would have to be prompt."""
        return False

    def end(self) -> None:
        """No answer here goes on for long."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        try:
            reply = await asyncio.to_thread(self._answer, scope)
        except AnswerbackError as error:
            problem = problem_of(error)
            body = problem.body(scope["path"], request_id(headers_of(scope), self._random))
            more = {name.lower(): value for name, value in problem.headers.items()}
            reply = response(problem.status, body, MEDIA_TYPE, **more)
        await send_response(send, reply, head=scope["method"] == "HEAD")

    def _answer(self, scope: Scope) -> Response:
        match scope["path"]:
            case "/livez":
                return _said(200, {"status": "ok"})
            case "/readyz" | "/healthz":
                return self._ready()
            case "/metrics":
                secret = text_of(headers_of(scope), b"authorization").removeprefix("Bearer ")
                self._access.authenticate(secret.strip()).require(Right.ADMIN)
                self._measure()
                return response(200, render(), CONTENT_TYPE)
        raise NotFound("This process answers /livez, /readyz and /metrics.")

    def _ready(self) -> Response:
        wrong = {name: check() for name, check in self._checks.items()}
        fine = not any(wrong.values())
        checks = {name: {"ok": not words, "detail": words} for name, words in wrong.items()}
        status = "ok" if fine else "failing"
        return _said(200 if fine else 503, {"status": status, "checks": checks})


def _said(status: int, body: Mapping[str, Any]) -> Response:
    return response(status, orjson.dumps(body), "application/json", cache_control="no-store")


async def _live(receive: Receive, send: Send) -> None:
    """Begin and end when the server says so."""
    while True:
        message: Message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
