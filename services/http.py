"""Plain ASGI in a few words: bounded bodies, headers, who is calling, and one reply."""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, NamedTuple

from schemas.clock import RandomBytes
from schemas.errors import InvalidInput, MalformedRequest, TooLarge, TooSlow, UnsupportedMedia

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]

REQUEST_ID = "X-Request-Id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_DRAIN_SECONDS = 1
_DRAIN_BYTES = 64 << 20
_GZIP = 16 + zlib.MAX_WBITS


class Response(NamedTuple):
    """A whole reply; names of headers in small letters, as ASGI wants them."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""


def response(status: int, body: bytes, content_type: str, **headers: str) -> Response:
    """A reply with a body; ``cache_control="no-store"`` becomes the header Cache-Control."""
    lines = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    lines += [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]
    return Response(status, tuple(lines), body)


async def send_response(send: Send, reply: Response, *, head: bool = False) -> None:
    """Send a reply; to a HEAD request without its body."""
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


class Incoming:
    """A request's body on its way in; knows whether all of it has been taken."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.complete = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self.complete = not message.get("more_body", False)
        return message


async def refuse(send: Send, incoming: Incoming, reply: Response) -> None:
    """Send a reply to a request whose body was not wanted, and end the connection.

    The rest of the body is thrown away for a moment first: closing with bytes unread resets the
    connection, and most clients then never see the reply.
    """
    closing = (*reply.headers, (b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": list(closing)})
    await send({"type": "http.response.body", "body": reply.body, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            size = 0
            while not incoming.complete and size <= _DRAIN_BYTES:
                size += len((await incoming()).get("body", b""))
    await send({"type": "http.response.body", "body": b""})


def headers_of(scope: Scope) -> Headers:
    """All headers by name in small letters; repeated ones joined by a comma."""
    found: Headers = {}
    for name, value in scope["headers"]:
        found[name] = found[name] + b"," + value if name in found else value
    return found


def text_of(headers: Headers, name: bytes) -> str:
    """A header as text; empty if it is absent."""
    return headers.get(name, b"").decode("latin-1").strip()


def media_type(headers: Headers) -> str:
    """The content type without its parameters, in small letters."""
    return text_of(headers, b"content-type").partition(";")[0].strip().lower()


def request_id(headers: Headers, random: RandomBytes) -> str:
    """The caller's own id for the request, if it is a sane one, else a new one."""
    given = headers.get(b"x-request-id", b"")
    return given.decode() if _SANE_ID.fullmatch(given) else random(16).hex()


async def read_body(headers: Headers, receive: Receive, limit: int, seconds: float) -> bytes:
    """The body, decompressed. Both forms are bounded by ``limit``, its arrival by ``seconds``.

    Raises ``TooLarge`` before reading on, ``TooSlow``, ``UnsupportedMedia``, ``MalformedRequest``.
    """
    encoding = text_of(headers, b"content-encoding").lower()
    if encoding not in ("", "identity", "gzip"):
        raise UnsupportedMedia("Send the body as it is, or with Content-Encoding gzip.")
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        raise _too_large(limit)
    try:
        async with asyncio.timeout(seconds):
            body = await _received(receive, limit)
    except TimeoutError:
        raise TooSlow(f"Send the whole body within {seconds:g} seconds.") from None
    return _expanded(body, limit) if encoding == "gzip" else body


async def _received(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedRequest("The connection ended before the body was complete.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _expanded(body: bytes, limit: int) -> bytes:
    """The content of one gzip stream; never more than ``limit`` bytes of it are made."""
    engine = zlib.decompressobj(_GZIP)
    try:
        content = engine.decompress(body, limit + 1)
    except zlib.error:
        raise InvalidInput("The body is not the gzip stream that its header says.") from None
    if len(content) > limit:
        raise _too_large(limit)
    if not engine.eof or engine.unused_data:
        raise InvalidInput("Send exactly one complete gzip stream.")
    return content


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"A body may have at most {limit} bytes, decompressed. Send less at once.")


class Callers:
    """Finds the address of the real caller behind trusted proxies."""

    def __init__(self, trusted: Sequence[IPv4Network | IPv6Network]) -> None:
        self._trusted = tuple(trusted)
        # Proxies are few and come with every request.
        self._is_trusted = lru_cache(maxsize=1024)(self._look)

    def address(self, scope: Scope, headers: Headers) -> str:
        """The peer; or, if that is a trusted proxy, the right-most hop that is not one."""
        client = scope.get("client")
        peer = client[0] if client else ""
        if not self._trusted or not self._is_trusted(peer):
            return peer
        for hop in reversed(text_of(headers, b"x-forwarded-for").split(",")):
            address = _bare(hop.strip())
            if not address:
                return peer  # what stands further left may be anybody's invention
            peer = address
            if not self._is_trusted(address):
                return address
        return peer

    def _look(self, address: str) -> bool:
        try:
            number = ip_address(address)
        except ValueError:
            return False
        # A socket that listens for both families tells IPv4 peers in IPv6 form.
        number = getattr(number, "ipv4_mapped", None) or number
        return any(number in network for network in self._trusted)


def _bare(hop: str) -> str:
    """An address without port and brackets; empty if it is none."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ip_address(hop))
    except ValueError:
        return ""
