"""``POST /operator/...``: for commands of this machine's operator, with the folder's own secret.

Work takes its time, so the answer is lines: how far it is, every half second, and at last how it
ended. A caller that goes away, by Ctrl-C for example, ends the work.
"""

from __future__ import annotations

import asyncio
import hmac
from ipaddress import ip_address
from threading import Event

from schemas.errors import AnswerbackError, NotFound, Unauthenticated
from services.backup.taking import Backups
from services.http import (
    Incoming,
    Receive,
    Scope,
    Send,
    headers_of,
    read_body,
    request_id,
    response,
    send_response,
    text_of,
)
from services.operator import messages
from services.operator.messages import Line
from services.operator.secret import make_secret
from services.operator.works import Measure, Work, done, work_of
from services.parts import Parts
from services.problems import MEDIA_TYPE, method_refused, problem_of

_SECONDS_A_LINE = 0.5
_MOST_BYTES = 16_384


class OperatorDoor:
    """One plain ASGI application; without backups, as in tests of other doors, all is 404."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._backups = parts.backups
        self._secret = make_secret(parts.settings.data, parts.random) if parts.backups else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(receive)
        try:
            backups = self._admitted(scope)
            if scope["method"] != "POST":
                raise NotFound("Ask with POST.")
            settings = self._parts.settings
            body = await read_body(
                headers_of(scope), incoming, _MOST_BYTES, settings.body_timeout_seconds
            )
            work, measure = work_of(backups, self._parts.replays, scope["path"], body)
        except AnswerbackError as error:
            await self._refuse(scope, send, error)
            return
        await self._tell(backups, work, measure, incoming, send)

    def _admitted(self, scope: Scope) -> Backups:
        """Only this machine, and only whoever can read the data folder."""
        host = (scope.get("client") or ("",))[0]
        if self._backups is None or not _is_local(host):
            raise NotFound("There is nothing at this address.")
        scheme, _, given = text_of(headers_of(scope), b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            given.strip().encode(), self._secret.encode()
        ):
            raise Unauthenticated("Send the content of operator.key, newest start, as the key.")
        return self._backups

    async def _refuse(self, scope: Scope, send: Send, error: AnswerbackError) -> None:
        problem = problem_of(error)
        if isinstance(error, NotFound) and scope["method"] != "POST":
            problem = method_refused("POST")
        body = problem.body(scope["path"], request_id(headers_of(scope), self._parts.random))
        await send_response(send, response(problem.status, body, MEDIA_TYPE))

    async def _tell(
        self, backups: Backups, work: Work, measure: Measure, incoming: Incoming, send: Send
    ) -> None:
        headers = [(b"content-type", messages.MEDIA_TYPE.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        given_up = Event()
        ended = asyncio.ensure_future(asyncio.to_thread(done, work, given_up))
        gone = asyncio.ensure_future(_disconnect(incoming))
        try:
            while not ended.done():
                await asyncio.wait(
                    {ended, gone}, timeout=_SECONDS_A_LINE, return_when=asyncio.FIRST_COMPLETED
                )
                if gone.done():
                    await self._abandon(backups, given_up, ended)
                    return
                copied = await asyncio.to_thread(measure)
                await _send_line(send, Line(kind="copied", copied=copied))
            await _send_line(send, ended.result())
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            if not ended.done():  # the server is ending
                given_up.set()
                backups.maintenance.abandon()

    async def _abandon(
        self, backups: Backups, given_up: Event, ended: asyncio.Future[Line]
    ) -> None:
        given_up.set()
        while not ended.done():
            await asyncio.to_thread(backups.maintenance.abandon)
            await asyncio.wait({ended}, timeout=_SECONDS_A_LINE)


async def _send_line(send: Send, line: Line) -> None:
    body = line.model_dump_json().encode() + b"\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnect(incoming: Incoming) -> None:
    while (await incoming())["type"] != "http.disconnect":
        pass


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
