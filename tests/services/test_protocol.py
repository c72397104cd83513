"""Requests that are begun without a task, on a connection whose other end is the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvicorn
from uvicorn.server import ServerState

from services.http import Receive, Response, Scope, Send, response, send_response
from services.prompt import Fixed, Reply, fixed
from services.protocol import BoundedProtocol, bounded_protocol

PICTURE = fixed(response(200, b"picture", "image/gif", x_name="value"))
ASK = b"GET /begun HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """What is written, and whether the connection was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def write(self, data: bytes) -> None:  # type: ignore[override]  # it is only given bytes
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Site:
    """An application that begins what is asked at /begun, and answers it when the test says so."""

    def __init__(self, limit: int = 10) -> None:
        self.replies: list[Reply] = []
        self.asked: list[str] = []
        kind = bounded_protocol(60, self.begin)
        config = uvicorn.Config(
            self.app, http=kind, interface="asgi3", log_config=None, access_log=False,
            proxy_headers=False, limit_concurrency=limit,
        )  # fmt: skip
        config.load()
        self.wire = Wire()
        self.protocol: BoundedProtocol = kind(config, ServerState(), {}, asyncio.get_running_loop())
        self.protocol.connection_made(self.wire)

    def begin(self, scope: Scope, _receive: Receive, reply: Reply) -> bool:
        if scope["path"] != "/begun":
            return False
        self.replies.append(reply)
        return True

    async def app(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        await send_response(send, PICTURE.response)

    def send(self, *requests: bytes) -> None:
        for one in requests:
            self.protocol.data_received(one)

    def answer(self, reply: Fixed = PICTURE) -> None:
        self.replies.pop(0)(reply)


def play(script: Callable[[Site], None], limit: int = 10) -> Site:
    """Play a script, then let all tasks come to their end."""

    async def all_of_it() -> Site:
        site = Site(limit)
        script(site)
        while under_way := list(site.protocol.tasks):
            await asyncio.gather(*under_way)
        site.protocol.connection_lost(None)
        return site

    return asyncio.run(all_of_it())


def test_a_reply_is_what_a_task_would_have_written() -> None:
    def both(site: Site) -> None:
        site.send(ASK)
        site.answer()

    begun = play(both)
    in_a_task = play(lambda site: site.send(ASK.replace(b"/begun", b"/other")))
    assert begun.wire.written == in_a_task.wire.written == PICTURE.wire
    assert (begun.asked, in_a_task.asked) == ([], ["/other"])


def test_requests_on_one_connection_are_answered_in_their_order() -> None:
    other = fixed(Response(503, ((b"content-length", b"0"),)))

    def two(site: Site) -> None:
        site.send(ASK + ASK)
        assert len(site.replies) == 1
        site.answer()
        site.answer(other)

    assert play(two).wire.written == PICTURE.wire + other.wire


def test_a_connection_that_is_to_end_ends_after_the_reply() -> None:
    def last(site: Site) -> None:
        site.send(ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        site.answer()

    wire = play(last).wire
    assert wire.closed
    assert b"connection: close\r\n" in wire.written
    assert wire.written.endswith(b"picture")


def test_a_server_that_shuts_down_answers_what_is_under_way() -> None:
    def ending(site: Site) -> None:
        site.send(ASK)
        site.protocol.shutdown()
        assert not site.wire.closed
        site.answer()

    wire = play(ending).wire
    assert wire.closed
    assert wire.written.endswith(b"picture")


def test_a_caller_that_has_gone_gets_nothing() -> None:
    def gone(site: Site) -> None:
        site.send(ASK)
        site.protocol.connection_lost(ConnectionResetError())
        site.answer()

    assert play(gone).wire.written == b""


def test_too_many_connections_are_refused_before_anything_is_begun() -> None:
    site = play(lambda site: site.send(ASK), limit=1)
    assert site.wire.written.startswith(b"HTTP/1.1 503")
    assert site.replies == []
