"""The whole HTTP side, some of it over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schemas.errors import SettingsInvalid
from services.api.app import build_framework
from services.collector.pixel import GIF
from services.metrics import HTTP_REQUESTS
from services.server import _PLAIN, _SUBJECTS, build_app, serve_http
from services.settings import Settings
from tests.services.collector.site import Site, cloud_event
from tests.support.parts import make_parts

ROOT = Path(__file__).parents[2]


def counted(route: str, method: str, code: str) -> float:
    return HTTP_REQUESTS.labels(route, method, code)._value.get()


async def ask(site: Site, method: str, path: str, **named: object) -> httpx.Response:
    transport = httpx.ASGITransport(build_app(site.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        return await client.request(method, path, **named)  # type: ignore[arg-type]  # passed on


@pytest.mark.parametrize(
    ("method", "path", "route", "code"),
    [
        ("GET", "/o/x.gif", "/o/{token}.gif", 200),
        ("GET", "/c/x", "/c/{token}", 404),
        ("POST", "/f/x", "/f/{form}", 404),
        ("GET", "/u/x", "/u/{token}", 404),
        ("POST", "/v1/events", "/v1/events", 401),
        ("GET", "/livez", "/livez", 200),
        ("GET", "/api/v1/campaigns", "/api/v1/campaigns", 401),
        ("GET", "/api/v1/8f14e45f", "other", 404),
        ("GET", "/8f14e45f", "other", 404),
        ("BREW", "/o/x.gif", "/o/{token}.gif", 405),
    ],
)
def test_each_request_reaches_its_application_and_is_counted(
    method: str, path: str, route: str, code: int
) -> None:
    name = "other" if method == "BREW" else method
    before = counted(route, name, str(code))
    assert asyncio.run(ask(Site(), method, path)).status_code == code
    assert counted(route, name, str(code)) == before + 1


def test_every_route_of_the_api_has_a_label() -> None:
    paths = set(build_framework(make_parts()).openapi()["paths"])
    subjects = {path.split("/")[3] for path in paths if path.startswith("/api/v1/")}
    assert subjects == _SUBJECTS
    assert {path for path in paths if not path.startswith("/api/v1/")} <= _PLAIN


def test_links_are_known_before_the_first_request() -> None:
    site = Site()
    site.register_link()
    fresh = make_parts(log=site.parts.log, access=site.parts.access, vault=site.parts.vault)
    build_app(fresh)
    assert fresh.reference.link("demo", "abcdef0123456789") is not None


# Over TCP

SERVER = """
import sys
from services.server import build_app, serve_http
from services.settings import Settings
from tests.services.collector.site import Site, cloud_event
from tests.support.parts import make_parts

port = int(sys.argv[1])
settings = Settings(port=port, shutdown_seconds=2, head_timeout_seconds=0.5)
site = Site(make_parts(settings=settings))
site.register_link()
print(site.pixel(), site.click(), site.keys.write, sep="\\n")
serve_http(build_app(site.parts), settings, lambda: print("ready", flush=True))
print("stored", len(site.events()), flush=True)
"""


class Served:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.pixel, self.click, self.secret = (self.line() for _ in range(3))
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def raw(self, *pieces: bytes) -> bytes:
        """What comes back for bytes on the wire, until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            parts = []
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    connection.sendall(piece)
                while part := connection.recv(65_536):
                    parts.append(part)
            return b"".join(parts)


@contextlib.contextmanager
def served() -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - this very interpreter, and our own text
        [sys.executable, "-c", SERVER, str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Served(process, port)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as one:
        yield one


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    address = f"http://127.0.0.1:{server.port}"
    with httpx.Client(base_url=address, trust_env=False, timeout=20) as one:
        yield one


def test_the_doors_work_over_tcp(server: Served, client: httpx.Client) -> None:
    pixel = client.get(server.pixel)
    assert (pixel.status_code, pixel.content) == (200, GIF)
    assert not {"server", "set-cookie", "etag"} & set(pixel.headers)
    head = client.head(server.pixel)
    assert (head.status_code, head.headers["content-length"]) == (200, "43")
    assert client.get(server.click, follow_redirects=False).status_code == 302
    key = {"Authorization": f"Bearer {server.secret}"}
    reply = client.post("/v1/events", json=[cloud_event()], headers=key)
    assert reply.json()["accepted"] == 1
    assert client.get("/livez").status_code == 200


def test_a_body_of_ten_megabytes_gets_its_answer(server: Served, client: httpx.Client) -> None:
    key = {"Authorization": f"Bearer {server.secret}"}
    for path in ("/v1/events", "/api/v1/campaigns", "/login"):
        for content in (b"x" * (10 << 20), iter([b"x" * (1 << 20)] * 10)):
            reply = client.post(path, content=content, headers=key)
            assert reply.status_code == 413
            assert reply.headers["connection"] == "close"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((b"\x16\x03\x01 TLS?\r\n\r\n",), id="another protocol"),
        pytest.param((b"GET /o/x.gif HTTP/9.9\r\n\r\n",), id="another version"),
        pytest.param((b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",), id="bytes in the path"),
        pytest.param((b"POST /v1/events HTTP/1.1\r\nContent-Length: -5\r\n\r\n",), id="length"),
        pytest.param((b"GET /o/x.gif HTTP/1.1\r\nA: \0\r\n\r\n",), id="NUL in a header"),
    ],
)
def test_what_is_no_http_is_refused(server: Served, pieces: tuple[bytes, ...]) -> None:
    assert server.raw(*pieces).startswith(b"HTTP/1.1 4")


def test_a_head_without_end_is_refused(server: Served) -> None:
    endless = [b"GET / HTTP/1.1\r\nHost: x\r\n"] + [b"X-A: " + b"a" * 8000 + b"\r\n"] * 200
    reply = server.raw(*endless)
    # Whether the answer is still read depends on the system: the server closes on unread bytes.
    assert reply == b"" or reply.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("start", [b"", b"GET /livez HTT", b"GET /livez HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(server: Served, start: bytes) -> None:
    assert server.raw(start) == b""


def test_a_head_in_pieces_is_taken(server: Served) -> None:
    reply = server.raw(b"GET /livez HT", b"TP/1.1\r\nHost: x\r\nConnection: cl", b"ose\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_what_is_under_way(number: signal.Signals) -> None:
    with served() as server:
        body = b"[]"
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head)
            time.sleep(0.2)  # so that the request is under way
            os.kill(server.process.pid, number)
            time.sleep(0.3)
            connection.sendall(body)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 202")
        assert server.line() == "stored 0"
        assert server.process.wait(20) == 0


def test_an_address_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(port=taken.getsockname()[1])
        app = build_app(make_parts(settings=settings))
        with pytest.raises(SettingsInvalid, match=str(settings.port)):
            serve_http(app, settings, lambda: None)
