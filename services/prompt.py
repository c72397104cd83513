"""Requests that are answered without a task of their own.

A server makes a task for each request, and checks and joins the headers of each reply. Where a
reply never changes and nothing needs to be waited for but the log, that would be half of what the
request costs. So an application may *begin* a request: it says whether it has taken it, and calls
back with the reply when there is one. What it does not take goes the ordinary way.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from services.http import Receive, Response, Scope


class Fixed(NamedTuple):
    """A reply that never changes, and its bytes on the wire."""

    response: Response
    wire: bytes


Reply = Callable[[Fixed], None]
Begin = Callable[[Scope, Receive, Reply], bool]


def fixed(reply: Response) -> Fixed:
    """The reply with its bytes: to a GET, on a connection that stays open."""
    line = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}".encode()
    head = [line, *(name + b": " + value for name, value in reply.headers)]
    return Fixed(reply, b"\r\n".join((*head, b"", reply.body)))


def never(_scope: Scope, _receive: Receive, _reply: Reply) -> bool:
    """Of an application that begins nothing."""
    return False
