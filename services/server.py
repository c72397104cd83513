"""The whole HTTP side: collector and management API behind one port."""

from __future__ import annotations

import contextlib
import gc
import math
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from time import perf_counter
from typing import Protocol

import uvicorn
from prometheus_client import Counter, Histogram

from schemas.errors import SettingsInvalid
from services.api.app import build_api
from services.collector.app import Collector, route_of
from services.http import App, Message, Receive, Scope, Send
from services.metrics import HTTP_DURATION, HTTP_REQUESTS
from services.operator.door import OperatorDoor
from services.operator.messages import PREFIX as OPERATOR
from services.parts import Parts
from services.prompt import Fixed, Reply
from services.protocol import bounded_protocol
from services.settings import Settings

_API = "/api/v1/"
# What may stand behind it as a label: a path is the caller's invention, labels must be few.
_SUBJECTS = frozenset((
    "activities", "batches", "campaigns", "certificates", "contacts", "dead-letters",
    "definitions", "events", "forms", "identity", "keys", "kpis", "links", "lists", "messages",
    "registries", "replays", "responses", "senders", "sources", "workspaces",
))  # fmt: skip
_PLAIN = frozenset((
    "/", "/contacts", "/healthz", "/lists", "/live", "/livez", "/login", "/logout", "/metrics",
    "/openapi.json", "/readyz", "/replays",
))  # fmt: skip
_PAGE = ("/contacts/", "/lists/", "/static/")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_OTHER = "other"


def build_app(parts: Parts) -> Front:
    """The application that a server runs; links and forms are read before the first request."""
    parts.reference.start()
    return Front(Collector(parts), build_api(parts), OperatorDoor(parts))


class Managed(Protocol):
    """What stands beside the collector's paths."""

    def end(self) -> None:
        """Let answers that have no end of their own come to one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; or begin and end with the server."""


class Served(Managed, Protocol):
    """What a server runs."""

    def begin(self, scope: Scope, receive: Receive, reply: Reply) -> bool:
        """Take a request that needs no task (``prompt``), or leave it."""


class Front:
    """Sends each request to its application, and counts and times it."""

    def __init__(self, collector: Collector, api: Managed, operator: App) -> None:
        self._collector = collector
        self._api = api
        self._operator = operator

    def end(self) -> None:
        """Let answers that have no end of their own come to one."""
        self._api.end()

    def begin(self, scope: Scope, receive: Receive, reply: Reply) -> bool:
        """Take a request that needs no task (``prompt``); counted and timed like all others."""
        began = perf_counter()

        def answer(fixed: Fixed) -> None:
            route = route_of(scope["path"]) or _OTHER
            _note(route, scope["method"], fixed.response.status, perf_counter() - began)
            reply(fixed)

        return self._collector.begin(scope, receive, answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        if scope["path"].startswith(OPERATOR):  # hours of work would spoil the figures below
            await self._operator(scope, receive, send)
            return
        route = route_of(scope["path"])
        # Not the loop's clock: finding the running loop costs a system call.
        began, code = perf_counter(), 500
        try:
            if route is not None:
                code = await self._collector.respond(scope, receive, send)
            else:
                noted = _Noted(send)
                try:
                    await self._api(scope, receive, noted)
                finally:
                    code = noted.code
        finally:
            seconds = perf_counter() - began
            _note(route or _api_route(scope["path"]), scope["method"], code, seconds)


class _Noted:
    """Passes a reply on, and notes its code."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.code = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.code = message["status"]
        await self._send(message)


def _note(route: str, method: str, code: int, seconds: float) -> None:
    _counter(route, method if method in _METHODS else _OTHER, code).inc()
    _timer(route).observe(seconds)


# Looking a label up costs more than counting; there are few.
@lru_cache(maxsize=4096)
def _counter(route: str, method: str, code: int) -> Counter:
    return HTTP_REQUESTS.labels(route, method, str(code))


@lru_cache(maxsize=256)
def _timer(route: str) -> Histogram:
    return HTTP_DURATION.labels(route)


def _api_route(path: str) -> str:
    if path in _PLAIN:
        return path
    if path.startswith(_PAGE):
        return "/" + path.split("/")[1]
    subject = path.removeprefix(_API).partition("/")[0]
    return _API + subject if path.startswith(_API) and subject in _SUBJECTS else _OTHER


def serve_http(app: Served, settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way. Calls ``ready`` once.

    Raises ``SettingsInvalid`` if the address cannot be listened on.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=bounded_protocol(settings.head_timeout_seconds, app.begin),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who is believed is decided in services.http, not for everybody here
        server_header=False,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=math.ceil(settings.keep_alive_seconds),
        timeout_graceful_shutdown=math.ceil(settings.shutdown_seconds),
    )
    _quiet_the_collector()
    _Server(config, ready, app.end).run(sockets=[_listening(settings.host, settings.port)])


def _quiet_the_collector() -> None:
    """Let the garbage collector look less often: what requests leave behind has no cycles.

    Modules and models stay for good; each full look at them costs tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class _Server(uvicorn.Server):
    """Tells when it is ready, and ends without the signal's own effect: the exit code is ours."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        ours = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in ours}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise SettingsInvalid(
            f"The server cannot listen on {host} port {port}: {error}."
        ) from error
