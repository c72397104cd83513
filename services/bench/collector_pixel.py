"""``collector-pixel``: opens that are on disk, a second, on one core."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from uuid import UUID

from schemas.errors import MeasurementSpoiled
from services.bench.installation import Installation, free_port, started
from services.bench.load.loading import put_load
from services.bench.load.order import Order, Tally, write_requests
from services.bench.machine import python_words
from services.bench.measured import Measured, Result
from services.bench.plan import Plan
from services.bench.processes import Cores, held_still
from services.bench.rounds import in_turns
from services.collector.tokens import Purpose, Token, sign
from services.demo.agents import BROWSERS, GMAIL_PROXY, MAIL_SCANNER, OUTLOOK

NAME = "collector-pixel"
CLIENT = "load of pixels"
_TOKENS = 20_000
_WARM_UP = 1.0


def measure(plan: Plan) -> Measured:
    """The real server and a bare one in turns, asked for pictures by the same load."""
    cores = Cores.split()
    installed = Installation(plan.folder, plan.clock, plan.random)
    requests = plan.folder / "pixels"
    write_requests(requests, _requests(installed, plan))
    bare, echo = free_port(), free_port()
    acknowledged = 0
    with ExitStack() as stack:
        for name, port in (("pixel", bare), ("echo", echo)):
            words = python_words("services.bench.bare_server", name, str(port))
            stack.enter_context(started(words, port, cores.server, plan.folder / f"{name}.log"))
        process = stack.enter_context(installed.serving(cores.server))
        load = partial(_load, plan, requests, cores.load)

        def ours() -> float:
            nonlocal acknowledged
            tally = load(installed.port)
            acknowledged += tally.good
            return tally.rate

        def others(port: int) -> float:
            with held_still(process):  # it still digests what it was sent
                return load(port).rate

        acknowledged += load(installed.port, _WARM_UP).good
        rounds = plan.rounds or 5
        found = in_turns(NAME, "events/s", ours, "bare ASGI pixel on uvicorn",
                         partial(others, bare), rounds, plan.note)  # fmt: skip
        client = in_turns(CLIENT, "requests/s", partial(others, bare), "echo over bare sockets",
                          partial(others, echo), max(1, rounds // 2), plan.note)  # fmt: skip
    _check(installed.stored_facts(), acknowledged)
    return Measured((found, client), _remarks(cores, acknowledged, client))


def _load(
    plan: Plan, requests: Path, cores: frozenset[int], port: int, seconds: float | None = None
) -> Tally:
    order = Order(
        port=port,
        requests=requests,
        connections=plan.connections or 64,
        seconds=seconds or plan.seconds or 4.0,
        cores=cores,
    )
    return put_load(order, plan.folder)


def _requests(installed: Installation, plan: Plan) -> Iterator[bytes]:
    """Requests for pictures of different messages, from people's programs and from machines."""
    dice = random.Random(plan.mix.seed)  # noqa: S311 - must repeat itself, and is no secret
    expiry = plan.clock() // 1000 + 86_400
    with installed.vault() as vault:
        keys = vault.token_keys(installed.workspace.id)
    for _ in range(_TOKENS):
        recipient, message = (UUID(int=dice.getrandbits(128), version=4) for _ in "rm")
        token = Token(installed.workspace.number, recipient, message, expiry)
        machine = dice.random() < plan.mix.machine_share
        agent = MAIL_SCANNER if machine else dice.choice((*BROWSERS, OUTLOOK, GMAIL_PROXY))
        yield (
            f"GET /o/{sign(Purpose.OPEN, token, keys)}.gif HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{installed.port}\r\nUser-Agent: {agent}\r\n"
            "Accept: image/avif,image/webp,image/*,*/*;q=0.8\r\n"
            "Accept-Language: en-GB,en;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
        ).encode()


def _check(stored: int, acknowledged: int) -> None:
    if stored != acknowledged:
        raise MeasurementSpoiled(
            f"{acknowledged:,} pictures were acknowledged, {stored:,} opens are in the log."
        )


def _remarks(cores: Cores, acknowledged: int, client: Result) -> tuple[str, ...]:
    shared = " The load shares the server's core." if cores.server & cores.load else ""
    return (
        f"Acknowledged and found in the log afterwards: {acknowledged:,} events.",
        f"The server has core {min(cores.server)}, with projections and metrics on;"
        f" the load has {len(cores.load)} other(s).{shared}",
        f"The load alone does {client.ceiling:,.0f} requests/s against an echo,"
        f" {1 / client.ratio:.1f} times what it asks of the bare server.",
    )
