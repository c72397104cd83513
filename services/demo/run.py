"""The demo: a server as ``serve`` runs it, and beside it a client that plays the script."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from ipaddress import ip_network
from typing import Any

from schemas.clock import Clock, RandomBytes
from schemas.errors import NotFound, Unauthenticated
from services.access import Access, Scope
from services.bootstrap import open_embedded
from services.commandline.terminal import Terminal
from services.demo.notebook import Notebook
from services.demo.script import Script
from services.importing.addresses import reachable
from services.importing.client import Client
from services.server import build_app, serve_http
from services.sessions import one_time_link
from services.settings import Settings

WORKSPACE = "demo"
FOLDER = "demo"


def run_demo(
    settings: Settings, terminal: Terminal, *, once: bool, clock: Clock, random: RandomBytes
) -> None:
    """Serve, and play what an earlier run has not played; ``once`` ends it after the table."""
    settings = among_itself(settings)
    with open_embedded(settings, clock=clock, random=random) as embedded:
        notebook = Notebook(settings.data / FOLDER, clock())
        key = demo_key(embedded.parts.access, notebook)
        embedded.start()
        access = embedded.parts.access
        key_id = access.authenticate(key).key_id
        way_in = partial(one_time_link, access, key_id, local_address(settings))
        actor = Actor(settings, terminal, notebook, key, way_in, clock, once=once)
        with actor:
            serve_http(build_app(embedded.parts), settings, ready=actor.start)
        embedded.raise_failure()
        actor.raise_failure()


def among_itself(settings: Settings) -> Settings:
    """What was not set follows from the demo being on one machine: its server hands out addresses
    that lead to it, and believes what its own client says of where people are."""
    chosen: dict[str, Any] = {}
    if "trusted_proxies" not in settings.model_fields_set:
        chosen["trusted_proxies"] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    if "public_url" not in settings.model_fields_set:
        chosen["public_url"] = local_address(settings)
    return settings.model_copy(update=chosen)


def demo_key(access: Access, notebook: Notebook) -> str:
    """The secret of the demo's admin key: the same one at every start while it is valid."""
    _ensure_workspace(access)
    known = notebook.read_key()
    if known is not None and _is_valid(access, known):
        return known
    made = access.create_key(WORKSPACE, "demo", frozenset((Scope.ADMIN,)))
    notebook.write_key(made.secret)
    return made.secret


def _ensure_workspace(access: Access) -> None:
    try:
        access.workspace(WORKSPACE)
    except NotFound:
        access.create_workspace(WORKSPACE, "UTC", "EUR")


def _is_valid(access: Access, secret: str) -> bool:
    try:
        return access.authenticate(secret).workspace == WORKSPACE
    except Unauthenticated:
        return False


def local_address(settings: Settings) -> str:
    """How this machine reaches the server, also when it listens on all addresses."""
    return reachable(settings.host, settings.port)


class Actor:
    """The thread that plays the script, and ends the server after it where that is wanted."""

    def __init__(
        self,
        settings: Settings,
        terminal: Terminal,
        notebook: Notebook,
        key: str,
        way_in: Callable[[], str],
        clock: Clock,
        *,
        once: bool,
    ) -> None:
        self._address = local_address(settings)
        self._terminal = terminal
        self._notebook = notebook
        self._key = key
        self._way_in = way_in
        self._clock = clock
        self._once = once
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="demo")
        self._played: Future[None] | None = None

    def __enter__(self) -> Actor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.shutdown()

    def start(self) -> None:
        """Begin to play; the server is ready to be asked."""
        self._played = self._thread.submit(self._play)
        self._played.add_done_callback(self._end)

    def raise_failure(self) -> None:
        """Raise what ended the script, unless it was the wish to end."""
        if self._played is not None:
            self._played.result()

    def _play(self) -> None:
        try:
            with Client(self._address, self._key, self._stop) as client:
                client.get("/readyz")
                self._terminal.note(f"Serving on {self._address}.")
                script = Script(client, self._notebook, self._terminal.err, self._clock)
                script.play()
                self._terminal.tell(script.table())
                self._terminal.tell(f"ANSWERBACK_API_KEY={self._key}")
                self._terminal.tell(f"ANSWERBACK_URL={self._address}")
                self._terminal.note(f"Look at it once, within 15 minutes: {self._way_in()}")
        except CancelledError:
            return

    def _end(self, played: Future[None]) -> None:
        if self._once or played.exception() is not None:
            # The server ends by itself only in the way that it is ended from outside.
            os.kill(os.getpid(), signal.SIGTERM)
