"""The management API and the page as one ASGI application."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path

from services.api import (
    activities,
    batches,
    campaigns,
    certificates,
    contacts,
    definitions,
    distributions,
    events,
    freezing,
    health,
    identity,
    keys,
    kpis,
    letters,
    lists,
    messages,
    outbox,
    quick,
    registries,
    replays,
    response_steps,
    responses,
    senders,
    submissions,
    workspaces,
)
from services.api.desk import Desk
from services.api.door import Door
from services.api.errors import add_handlers
from services.collector.rates import Rates
from services.dashboard import page
from services.dashboard.live import Feed
from services.distribution.filling import Fillings
from services.distribution.outcomes import Outcomes
from services.distribution.running import Distributions
from services.http import Callers
from services.parts import Parts
from services.quotas import Quotas
from services.sending.running import Senders

PREFIX = "/api/v1"
Way = tuple[re.Pattern[str], set[str]]
SUBJECTS = (
    campaigns, quick, activities, distributions, messages, outbox, senders, registries, submissions,
    definitions, responses, response_steps, contacts, identity, lists, freezing, kpis, keys,
    certificates, batches, workspaces, letters, replays, events,
)  # fmt: skip


def build_framework(parts: Parts) -> FastAPI:
    """The framework's application alone, without the door before it."""
    app = FastAPI(
        title="Answerback",
        version="1",
        description="Campaigns, their responses and their KPIs.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        responses=_PROBLEMS,
        lifespan=_at_work,
    )
    app.state.parts = parts
    app.state.desk = Desk(parts)
    app.state.quotas = Quotas(parts.clock, "api", parts.settings.requests_per_minute)
    app.state.logins = Rates(parts.clock)
    app.state.callers = Callers(parts.settings.trusted_proxies)
    app.state.feed = Feed(parts.reads)
    app.state.distributions = Distributions(parts, app.state.desk.commander)
    app.state.fillings = Fillings(parts, app.state.desk.commander)
    app.state.senders = Senders(parts, app.state.desk.commander)
    app.state.outcomes = Outcomes(parts, app.state.desk.commander)
    add_handlers(app)
    ways: list[Way] = []
    routers = [(subject.router, PREFIX) for subject in SUBJECTS]
    for router, prefix in (*routers, (health.router, ""), (page.router, "")):
        app.include_router(router, prefix=prefix)
        ways += _ways(router, prefix)
    app.state.ways = ways
    return app


@asynccontextmanager
async def _at_work(app: FastAPI) -> AsyncIterator[None]:
    """While the server runs, distributions go on, lists are filled, messages pushed or given up."""
    state = app.state
    at_work: tuple[Distributions | Fillings | Senders | Outcomes, ...] = (
        state.distributions, state.fillings, state.senders, state.outcomes,
    )  # fmt: skip
    for one in at_work:
        one.start()
    try:
        yield
    finally:
        for one in at_work:
            await asyncio.to_thread(one.stop)


def _ways(router: APIRouter, prefix: str) -> list[Way]:
    """Each route's pattern and methods: the framework itself tells only of the first that fits."""
    return [
        (compile_path(prefix + route.path)[0], route.methods or set())
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def build_api(parts: Parts) -> Door:
    """The application as a server runs it."""
    framework = build_framework(parts)
    return Door(framework, parts, framework.state.feed.end)


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong with the request, and what to do about it (RFC 9457).",
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    },
    "5XX": {
        "description": "What keeps the server from answering.",
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    },
}
