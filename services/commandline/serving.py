"""``answerback serve`` and ``answerback demo``: the whole program in one process."""

from __future__ import annotations

from argparse import Namespace

from schemas.clock import system_clock, system_random
from services.bootstrap import open_embedded
from services.commandline.terminal import Terminal
from services.demo.run import run_demo
from services.server import build_app, serve_http
from services.settings import load_settings


def serve(_arguments: Namespace, terminal: Terminal) -> int:
    """Serve until told to end."""
    settings = load_settings()
    with open_embedded(settings, clock=system_clock, random=system_random) as embedded:
        embedded.start()
        serve_http(
            build_app(embedded.parts),
            settings,
            ready=lambda: terminal.note(f"Serving on {settings.host} port {settings.port}."),
        )
        embedded.raise_failure()
    return 0


def demo(arguments: Namespace, terminal: Terminal) -> int:
    """Serve, and play the demo's campaigns meanwhile."""
    run_demo(
        load_settings(), terminal, once=arguments.once, clock=system_clock, random=system_random
    )
    return 0
