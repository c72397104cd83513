"""A sender's own server: takes what is pushed, verifies it as senders do, and answers as told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook


@dataclass(slots=True)
class Receiver:
    """What has come. ``answers`` are the next statuses, then 204; ``drip`` answers byte by byte."""

    url: str
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    drip: bool = False
    ids: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages taken, in their order."""
        return [message for body in self.bodies for message in body["data"]["messages"]]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server on a port of its own."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            Webhook(receiver.secret).verify(body, dict(self.headers))
            receiver.ids.append(self.headers["webhook-id"])
            status = receiver.answers.pop(0) if receiver.answers else 204
            (receiver.bodies if status < 300 else receiver.refused).append(orjson.loads(body))
            if receiver.drip:
                for byte in b"HTTP/1.1 204 No Content":
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.2)
                return
            self.send_response(status)
            self.send_header("location", receiver.url + "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
