"""HTTP on the wire: bounds on the head of a request, and replies without a task (``prompt``)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from services.http import Receive, Response, Scope, Send, send_response
from services.prompt import Begin, Fixed, never

_LONGEST_HEAD = 32 << 10
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose request's head is too long, or does not come in time."""

    head_seconds = 10.0
    begin: Begin = staticmethod(never)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._in_head = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        waited = self._timer is not None
        super().data_received(data)
        if self._in_head:
            # Nearly every head comes in one piece, and then no timer is needed.
            self._await_head()
        # A piece in which the head begins or ends may hold other things too; it is bounded anyway.
        if waited and self._timer is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > _LONGEST_HEAD:
                self.transport.write(_TOO_LONG)
                self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._timer is not None:
            self._head_has_come()
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: Any = cycle.scope
        receive: Any = cycle.receive
        # Another application than ours is the one that refuses, when there are too many requests.
        ours = app is self.app
        if not ours or not self.begin(scope, receive, partial(self._reply, cycle)):
            super()._start_asgi_task(cycle, app)

    def _reply(self, cycle: RequestResponseCycle, reply: Fixed) -> None:
        """What ``cycle.send`` does with a reply, in one step."""
        if cycle.disconnected:
            return
        if not cycle.keep_alive or self.flow.write_paused:
            super()._start_asgi_task(cycle, _saying(reply.response))
            return
        cycle.response_started = cycle.response_complete = True
        self.transport.write(reply.wire)
        self.on_response_complete()

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _head_has_come(self) -> None:
        self._head_bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _saying(reply: Response) -> Any:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send_response(send, reply)

    return app


def bounded_protocol(seconds: float, begin: Begin = never) -> type[BoundedProtocol]:
    """The protocol with a time that a request's head may take, and what begins requests."""
    own = {"head_seconds": seconds, "begin": staticmethod(begin)}
    return type("BoundedProtocol", (BoundedProtocol,), own)
