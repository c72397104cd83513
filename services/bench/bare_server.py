"""Ceilings of the collector: servers that do nothing but answer.

``pixel`` and ``events`` are bare ASGI applications on uvicorn as we configure it, without our
bounds on heads. ``echo`` is a loop over bare sockets: what the load itself can do.
"""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Callable

import orjson
import uvicorn

from services.collector.pixel import GIF
from services.http import App, Receive, Scope, Send

_PIECE = 65_536
_ENDS = (b"\r\n\r\n", b"}]")  # of a request without a body, and of a batch
_PIXEL = b"HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: 43\r\n\r\n" + GIF
_TAKEN = b'HTTP/1.1 202 Accepted\r\ncontent-length: 16\r\n\r\n{"accepted":100}'
_GIF_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"image/gif"), (b"content-length", b"43")],
}
_GIF_BODY = {"type": "http.response.body", "body": GIF}


async def pixel(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The image, to everyone."""
    await send(_GIF_START)
    await send(_GIF_BODY)


async def events(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and its JSON, and say how many there were."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    reply = orjson.dumps({"accepted": len(orjson.loads(b"".join(parts)))})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply))]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": reply})


def serve(app: App, port: int) -> None:
    """Serve with the options of ``services.server``, and uvicorn's own protocol."""
    uvicorn.run(
        app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none",
        lifespan="off", log_config=None, access_log=False, proxy_headers=False,
        server_header=False, limit_concurrency=2000, timeout_keep_alive=15,
    )  # fmt: skip


def echo(port: int) -> None:
    """Answer every request with the same bytes, until told to end."""
    listening = socket.create_server(("127.0.0.1", port), backlog=1024)
    poll = select.epoll()
    poll.register(listening.fileno(), select.EPOLLIN)
    callers: dict[int, socket.socket] = {}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listening.fileno():
                caller, _ = listening.accept()
                caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                callers[caller.fileno()] = caller
                poll.register(caller.fileno(), select.EPOLLIN)
                continue
            piece = callers[descriptor].recv(_PIECE)
            if not piece:
                poll.unregister(descriptor)
                callers.pop(descriptor).close()
            elif piece.endswith(_ENDS):
                callers[descriptor].sendall(_PIXEL if piece.endswith(_ENDS[0]) else _TAKEN)


_SERVERS: dict[str, Callable[[int], None]] = {
    "pixel": lambda port: serve(pixel, port),
    "events": lambda port: serve(events, port),
    "echo": echo,
}

if __name__ == "__main__":
    _SERVERS[sys.argv[1]](int(sys.argv[2]))
