"""A past over HTTP: asked for by time and by cursor, from a server of two processes."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime

import httpx
import pytest

from tests.support.load import Sender
from tests.support.served import Served, make_key

PATIENCE = 60


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("past"), ANSWERBACK_SETTLE_SECONDS="0")
    made.key = make_key(made, "demo")
    made.start()
    yield made
    assert made.stop() == 0
    assert not (made.data / "pasts").exists()


def _get(served: Served, path: str, **params: str) -> httpx.Response:
    """The answer, once the past is put together."""
    headers = {"Authorization": f"Bearer {served.key}"}
    ends = time.monotonic() + PATIENCE
    while True:
        reply = httpx.get(
            f"{served.address}/api/v1{path}", params=params, headers=headers, timeout=30,
            trust_env=False,
        )  # fmt: skip
        if reply.status_code != 503 or time.monotonic() > ends:
            return reply
        assert "Retry-After" in reply.headers
        assert reply.headers["content-type"] == "application/problem+json"
        time.sleep(0.2)


def _sends(served: Served, numbers: itertools.count) -> None:
    sender = Sender(served, served.key, numbers)
    sender.wait_for(140)
    sender.stop()
    _caught_up(served)


def _caught_up(served: Served) -> None:
    """What follows from events comes a moment later, so it must be quiet for a while."""
    ends, quiet = time.monotonic() + PATIENCE, 0
    while quiet < 10:
        assert time.monotonic() < ends
        checks = httpx.get(f"{served.address}/readyz", trust_env=False).json()["checks"]
        quiet = quiet + 1 if not any(checks["reads"]["lag_records"].values()) else 0
        time.sleep(0.1)


def test_the_answer_of_then_is_given_again(served):
    numbers = itertools.count()
    _sends(served, numbers)
    then = _get(served, "/kpis").json()
    people = _get(served, "/contacts", limit="1").json()["data"]
    path = f"/contacts/{people[0]['contact_id']}/journey"
    journey = _get(served, path).json()
    time.sleep(0.01)
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    time.sleep(0.01)
    _sends(served, numbers)
    now = _get(served, "/kpis").json()
    assert now["data"] != then["data"]
    for known_at in (then["known_at"], moment):
        past = _get(served, "/kpis", known_at=known_at, version="current").json()
        assert past["data"] == then["data"]
        assert _get(served, path, known_at=known_at).json()["data"] == journey["data"]
    listed = _get(served, "/responses", as_of=moment)
    assert listed.status_code == 200
    assert listed.json()["as_of"].startswith(moment[:23])


@pytest.mark.parametrize("known_at", ["2126-01-01", "rubbish", "AQEAnVMAAA"])
def test_a_point_that_nobody_knows_is_refused(served, known_at):
    reply = _get(served, "/kpis", known_at=known_at)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "/known_at"
