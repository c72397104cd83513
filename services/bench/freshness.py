"""``freshness``: from the answer to an open until the campaign's KPIs count it, under traffic."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from schemas.errors import MeasurementSpoiled
from schemas.ids import named_id
from schemas.instants import format_instant
from services.bench.campaign import open_client, set_up_campaign
from services.bench.contest import Server
from services.bench.happenings import BATCH, Campaign, block_count
from services.bench.installation import Installation
from services.bench.load.loading import put_load
from services.bench.load.order import Order, Tally, write_requests
from services.bench.measured import Measured, Result, Rounds
from services.bench.plan import Plan
from services.bench.processes import Cores
from services.bench.requests import batch_requests, pixel_requests
from services.demo.agents import BROWSERS
from services.demo.steps import API
from services.importing.client import Client
from services.importing.cloudevent import CloudEvent

NAME = "freshness"
_PROBES_A_SECOND, _MOST_PROBES = 5, 1000
_SECONDS = 60.0
_MOST_IDLE_QUERIES = 10
_PIXEL_SHARE = 0.2  # of the traffic; the rest comes in batches
_PAUSE = 0.05  # between polls, each of which takes time from what is measured
_PATIENCE = 60.0


@dataclass(slots=True)
class _Seen:
    """What the prober saw: seconds until an open counted, and seconds of each poll."""

    visible: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)


class _Prober:
    """Opens one message after another, and polls the KPIs until each is counted."""

    def __init__(self, client: Client, campaign: Campaign) -> None:
        self._client = client
        self._path = f"{API}/campaigns/{campaign.campaign}/kpis"
        self._opened = 0
        self.seen = _Seen()

    def counted(self, kpi: str) -> int:
        """The numerator of a KPI."""
        began = perf_counter()
        # One figure, as a tile of a page asks for it: all KPIs together take five times as long.
        kpis: dict[str, Any] = self._client.get(f"{self._path}?only={kpi}")["kpis"]
        self.seen.polls.append(perf_counter() - began)
        return int(kpis[kpi]["numerator"]) if kpi in kpis else 0

    def await_count(self, kpi: str, count: int) -> None:
        """Poll until a KPI has counted so many."""
        ends = perf_counter() + _PATIENCE
        while (found := self.counted(kpi)) < count:
            if perf_counter() > ends:
                raise MeasurementSpoiled(
                    f"After {_PATIENCE:.0f} s the KPIs count {found} of {count} in {kpi}."
                )
            self._client.wait(_PAUSE)

    def probe(self, picture: str) -> None:
        """Open one message, and see it counted."""
        reply = self._client.ask("GET", picture, headers={"User-Agent": BROWSERS[0]})
        if reply.status_code != 200:
            raise MeasurementSpoiled(f"The probe was answered with {reply.status_code}.")
        answered = perf_counter()
        self._opened += 1
        self.await_count("open_rate_raw", self._opened)
        self.seen.visible.append(perf_counter() - answered)


def measure(plan: Plan) -> Measured:
    """Traffic at a rate, and beside it a campaign of the prober's own."""
    cores = Cores.split()
    installed = Installation(plan.folder, plan.clock, plan.random)
    write_requests(plan.folder / "pixels", pixel_requests(installed, plan))
    seconds, rate = plan.seconds or _SECONDS, plan.rate or 2000
    with installed.serving(cores.server) as process, open_client(installed) as client:
        pictures, prober = _prepared(client, installed, plan)
        idle = _idle(prober, max(2, min(_MOST_IDLE_QUERIES, int(seconds))))
        prober.seen = _Seen()
        with _traffic(plan, Server(installed.port, process), cores, seconds, rate) as loads:
            plan.note(f"Probing for {seconds:.0f} s beside {rate:,} events a second")
            ends = perf_counter() + seconds
            for picture in pictures:
                if perf_counter() >= ends:
                    break
                prober.probe(picture)
            tallies = [load.result() for load in loads]
    return Measured(_results(prober.seen, idle), _remarks(prober.seen, tallies, seconds, rate))


def _prepared(
    client: Client, installed: Installation, plan: Plan
) -> tuple[list[str], _Prober]:  # fmt: skip
    """The pictures of delivered messages of a campaign, which the KPIs know already."""
    probes = min(_MOST_PROBES, 1 + int((plan.seconds or _SECONDS) * _PROBES_A_SECOND))
    people = [named_id("bench", "probe", number) for number in range(probes)]
    traffic = set_up_campaign(client, "traffic", [named_id("bench", "member")])
    write_requests(plan.folder / "batches", batch_requests(installed, plan, traffic))
    campaign = set_up_campaign(client, "probe", people)
    body = [{"recipient": str(person), "address": _address(person)} for person in people]
    made = client.command(f"{API}/activities/{campaign.activity}/messages", body, "bench-probe")
    messages = [UUID(item["message_id"]) for item in made["data"]]
    now = format_instant(plan.clock())
    for kind in ("email.sent", "email.delivered"):
        facts = zip(people, messages, strict=True)
        client.send([_notice(kind, campaign, who, what, now) for who, what in facts])
    prober = _Prober(client, campaign)
    prober.await_count("delivery_rate", probes)
    return [urlsplit(item["pixel_url"]).path for item in made["data"]], prober


def _notice(kind: str, campaign: Campaign, person: UUID, message: UUID, now: str) -> CloudEvent:
    data = {
        "message_id": str(message),
        "provider": "example",
        "provider_message_id": f"probe-{message}",
        "address": _address(person),
    }
    if kind == "email.sent":
        data["activity_id"] = str(campaign.activity)
        data["content_version_id"] = str(campaign.content)
    return CloudEvent(
        id=f"probe-{kind}-{message}", source="/bench", type=kind, time=now, data=data,
        subject=f"contact:{person}", batch=campaign.batch,
    )  # fmt: skip


def _address(person: UUID) -> str:
    return f"probe-{person.hex}@example.com"


def _idle(prober: _Prober, queries: int) -> Rounds:
    """How long the KPIs take to be asked for while nothing else is done, in milliseconds."""
    prober.seen = _Seen()
    for _ in range(queries):
        prober.counted("open_rate_raw")
    return Rounds(tuple(spent * 1000 for spent in prober.seen.polls))


@contextmanager
def _traffic(
    plan: Plan, server: Server, cores: Cores, seconds: float, rate: int
) -> Iterator[list[Future[Tally]]]:
    """Pixels and batches at the rate, by two loads."""
    pixels = Order(
        port=server.port, server=server.process, requests=plan.folder / "pixels",
        connections=plan.connections or 16, seconds=seconds, cores=cores.load,
        rate=rate * _PIXEL_SHARE,
    )  # fmt: skip
    batches = pixels.model_copy(update={
        "requests": plan.folder / "batches", "rate": rate * (1 - _PIXEL_SHARE) / BATCH,
        "status": 202, "blocks": block_count(plan.mix), "counts_accepted": True,
    })  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        yield [pool.submit(put_load, order, plan.folder) for order in (pixels, batches)]


def _results(seen: _Seen, idle: Rounds) -> tuple[Result, ...]:
    if not seen.visible:
        raise MeasurementSpoiled("No probe was made. Give it more seconds.")
    milliseconds = [spent * 1000 for spent in seen.visible]
    shares = quantiles(milliseconds, n=100, method="inclusive") if milliseconds[1:] else []
    return tuple(
        Result(f"{NAME} p{share}", "ms",
               Rounds((shares[share - 1] if shares else milliseconds[0],)),
               "the same KPI asked of the idle server", idle)
        for share in (50, 95, 99)
    )  # fmt: skip


def _remarks(
    seen: _Seen, tallies: list[Tally], seconds: float, rate: int
) -> tuple[str, ...]:  # fmt: skip
    pixels, batches = tallies
    stored = (pixels.within + batches.within * BATCH) / seconds
    poll = Rounds(tuple(spent * 1000 for spent in seen.polls)).middle
    return (
        f"{len(seen.visible)} opens, {len(seen.polls)} polls of the KPIs"
        f" ({len(seen.polls) / len(seen.visible):.1f} an open), each {poll:,.0f} ms;"
        " so many milliseconds finer it cannot be seen.",
        f"Traffic wanted: {rate:,} events/s; acknowledged: {stored:,.0f} events/s,"
        f" {_PIXEL_SHARE:.0%} of it pixels, all else batches of {BATCH}.",
    )
