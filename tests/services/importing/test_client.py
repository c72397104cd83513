"""The HTTP client: patience, and clear endings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

import httpx
import pytest

from schemas.errors import ConflictError, InvalidInput, UnavailableError
from services.importing import client as client_module
from services.importing.client import Client
from services.importing.cloudevent import CloudEvent

EVENT = CloudEvent(id="1", source="/t", type="event.tracked", time="2026-01-01T00:00:00Z", data={})
RECEIPT = {"accepted": 1, "duplicates": 0, "rejected": [], "position": "p"}


class PatientStop(threading.Event):
    """Notes how long it was waited on, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


def answering(
    handler: Callable[[httpx.Request], httpx.Response], stop: threading.Event | None = None
) -> Client:
    transport = httpx.MockTransport(handler)
    return Client("http://test", "secret", stop or PatientStop(), transport)


def in_turn(*replies: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    left = list(replies)
    return lambda _: left.pop(0)


def test_client_sends_the_key_and_the_idempotency_key():
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"campaign_id": "x"})

    assert answering(handler).command("/api/v1/campaigns", {"name": "n"}, "k1") == {
        "campaign_id": "x"
    }
    assert seen[0].headers["authorization"] == "Bearer secret"
    assert seen[0].headers["idempotency-key"] == "k1"
    assert seen[0].read() == b'{"name":"n"}'


def test_client_leaves_out_parameters_that_are_none():
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"query": request.url.query.decode()})

    assert answering(handler).get("/x", a=None, b="1") == {"query": "b=1"}


def test_client_waits_as_long_as_a_busy_server_asks():
    stop = PatientStop()
    replies = in_turn(
        httpx.Response(503, headers={"Retry-After": "3"}),
        httpx.Response(429),
        httpx.Response(429, headers={"Retry-After": "9999"}),
        httpx.Response(202, json=RECEIPT),
    )
    assert answering(replies, stop).send([EVENT]).position == "p"
    assert stop.waits == [3.0, client_module.PAUSE, client_module.LONGEST_PAUSE]


def test_client_gives_up_with_a_sentence_when_the_server_stays_busy():
    stop = PatientStop()
    with pytest.raises(UnavailableError, match=r"POST /v1/events .* status 503"):
        answering(lambda _: httpx.Response(503), stop).send([EVENT])
    assert sum(stop.waits) >= client_module.PATIENCE


def test_client_tries_again_when_the_server_is_out_of_reach():
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if len(calls) == 1:
            raise httpx.ConnectError("connection refused", request=request)
        return httpx.Response(200, json={})

    assert answering(handler).get("/readyz") == {}
    assert len(calls) == 2


def test_client_ends_at_once_when_told_to():
    stop = PatientStop()
    stop.set()
    with pytest.raises(CancelledError):
        answering(lambda _: httpx.Response(200, json={}), stop).get("/x")


@pytest.mark.parametrize(
    ("status", "error"), [(400, InvalidInput), (422, InvalidInput), (409, ConflictError),
                          (412, ConflictError), (500, UnavailableError)],
)  # fmt: skip
def test_client_explains_a_refusal_in_the_servers_words(status, error):
    problem = {"detail": "No.", "errors": [{"pointer": "/name", "detail": "Too long."}]}
    reply = httpx.Response(status, json=problem)
    with pytest.raises(error, match=rf"GET /x was answered with {status}: No\. /name: Too long\."):
        answering(lambda _: reply).get("/x")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_client_explains_a_refusal_without_a_problem(body):
    with pytest.raises(InvalidInput, match="GET /x was answered with 404"):
        answering(lambda _: httpx.Response(404, content=body)).get("/x")


def test_client_does_not_overlook_a_rejected_event():
    receipt = RECEIPT | {"rejected": [{"index": 0, "reason": "invalid"}]}
    with pytest.raises(InvalidInput, match="rejected 1 of 1"):
        answering(lambda _: httpx.Response(202, json=receipt)).send([EVENT])
