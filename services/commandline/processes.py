"""``answerback collector``, ``api``, ``worker`` and ``relay``: the distributed mode's processes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence

from schemas.clock import system_clock, system_random
from schemas.errors import ProjectionStopped
from services.back.child import end_this_process
from services.collector.app import Collector
from services.commandline.terminal import Terminal
from services.health import Health
from services.metrics import (
    OUTBOX_EVENTS,
    WORKER_GAPS,
    WORKER_PLACES,
    WORKER_WAITING,
)
from services.operator.door import OperatorDoor
from services.relaying import Relaying
from services.server import Front, Served, build_app, serve_http
from services.settings import Settings, load_settings
from services.stream.sinks import SINKS
from services.stream.worker import SinkWorker


def collector(_arguments: Namespace, terminal: Terminal) -> int:
    """Take events until told to end."""
    from services.distributed.fronts import open_collector  # noqa: PLC0415 - drivers

    settings = load_settings()
    with open_collector(settings, clock=system_clock, random=system_random) as (parts, measure):
        health = Health(parts.access, parts.random, {}, measure)
        parts.reference.start()
        _serve(Front(Collector(parts), health, OperatorDoor(parts)), settings, terminal)
    return 0


def api(_arguments: Namespace, terminal: Terminal) -> int:
    """Serve the management API and the page until told to end."""
    from services.distributed.fronts import open_api  # noqa: PLC0415 - drivers

    settings = load_settings()
    with open_api(settings, clock=system_clock, random=system_random) as parts:
        _serve(build_app(parts), settings, terminal)
    return 0


def worker(arguments: Namespace, terminal: Terminal) -> int:
    """Keep read models up to date until told to end."""
    from services.distributed.behind import open_workers  # noqa: PLC0415 - drivers

    settings = load_settings()
    sinks = SINKS if arguments.sink == "all" else (arguments.sink,)
    opened = open_workers(settings, sinks, clock=system_clock, random=system_random)
    with opened as (workers, access):
        checks = {one.name: _check_of(one) for one in workers}
        health = Health(access, system_random, checks, lambda: _measure_workers(workers))
        for one in workers:
            one.start(end_this_process)
        try:
            _serve(health, settings, terminal)
        finally:
            for one in workers:
                one.stop()
        _raise_first([one.failure for one in workers])
    return 0


def relay(_arguments: Namespace, terminal: Terminal) -> int:
    """Send what waits in the outbox until told to end."""
    from services.distributed.behind import open_relay  # noqa: PLC0415 - drivers

    settings = load_settings()
    opened = open_relay(settings, clock=system_clock, random=system_random)
    with opened as (sender, store, access):
        relaying = Relaying(sender, store)

        def measure() -> None:
            OUTBOX_EVENTS.set(sender.waiting())

        relaying.start(end_this_process)
        try:
            _serve(Health(access, system_random, {}, measure), settings, terminal)
        finally:
            relaying.stop()
        _raise_first([relaying.failure])
    return 0


def _serve(app: Served, settings: Settings, terminal: Terminal) -> None:
    serve_http(
        app,
        settings,
        ready=lambda: terminal.note(f"Serving on {settings.host} port {settings.port}."),
    )


def _check_of(one: SinkWorker) -> Callable[[], str]:
    return lambda: "Events wait, and nothing moves." if one.is_stalled else ""


def _measure_workers(workers: Sequence[SinkWorker]) -> None:
    for one in workers:
        WORKER_PLACES.labels(one.name).set(len(one.places))
        WORKER_WAITING.labels(one.name).set(one.waiting)
        WORKER_GAPS.labels(one.name).set(one.gaps)


def _raise_first(failures: Sequence[BaseException | None]) -> None:
    """A process whose work has failed must not end well."""
    for failure in failures:
        if failure is not None:
            raise ProjectionStopped(f"The work has stopped: {failure}") from failure
