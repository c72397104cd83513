"""Every way in: keys, scopes, limits, strict JSON, problems for whatever goes wrong."""

from __future__ import annotations

import gzip
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openapi_spec_validator import validate

from schemas.kpis import KpiQuery, KpiReport
from services.api.app import build_api, build_framework
from services.parts import Parts
from services.settings import Settings
from tests.services.api.caller import API, Caller, problem, types_of
from tests.services.api.fake_reads import FakeReads
from tests.support.clock import SettableClock
from tests.support.parts import make_keys, make_parts

CAMPAIGNS = f"{API}/campaigns"


def send(admin: Caller, content: bytes, **headers: str) -> Any:
    said = {**admin.headers, "Idempotency-Key": str(uuid4()), **headers}
    return admin.ask("POST", CAMPAIGNS, content=content, headers=said)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b'{"name": "x"} {}', 400),
        (b'{"name": "\xff\xfe"}', 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"name": "a", "name": "b"}', 422),
        (b'{"name": NaN}', 422),
        (b'{"name": "x", "type": 1e400}', 422),
        (b'{"name": "x", "type": 123456789012345678901234567890}', 422),
        (b"[" * 100_000, 422),
        (b"[" * 100_000 + b"]" * 100_000, 422),
        (b'{"name": "\\ud800"}', 422),
        (b'"name"', 422),
        (b"null", 422),
    ],
    ids=[
        "nothing", "cut off", "two values", "broken UTF-8", "byte order mark", "repeated name",
        "not a number", "infinite", "beyond 64 bits", "opened only", "nested deep",
        "half a surrogate", "a text", "null",
    ],
)  # fmt: skip
def test_door_refuses_bad_json(admin: Caller, parts: Parts, content: bytes, status: int) -> None:
    problem(send(admin, content), status)
    assert types_of(parts) == []


def test_door_bounds_the_body(admin: Caller, parts: Parts) -> None:
    big = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    problem(send(admin, big), 413)
    bomb = gzip.compress(big)
    problem(send(admin, bomb, **{"Content-Encoding": "gzip"}), 413)
    problem(send(admin, b"{}", **{"Content-Encoding": "br"}), 415)
    assert types_of(parts) == []


def test_door_takes_gzip_and_json_without_a_label(admin: Caller) -> None:
    plain = b'{"name": "Spring"}'
    packed = send(admin, gzip.compress(plain), **{"Content-Encoding": "gzip"})
    assert packed.status_code == 201
    assert send(admin, plain).status_code == 201
    labeled = send(admin, plain, **{"Content-Type": "application/json; charset=utf-8"})
    assert labeled.status_code == 201


@pytest.mark.parametrize("kind", ["text/html", "multipart/form-data; boundary=x", "image/gif"])
def test_door_refuses_other_kinds(admin: Caller, kind: str) -> None:
    problem(send(admin, b'{"name": "x"}', **{"Content-Type": kind}), 415)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer ab_x", "Basic YTpi", "Bearer \u00e9".encode()]
)
def test_door_needs_a_live_key(admin: Caller, header: Any) -> None:
    headers = {"Authorization": header} if header else {}
    reply = admin.ask("GET", CAMPAIGNS, headers=headers)
    problem(reply, 401)
    assert reply.headers["www-authenticate"] == "Bearer"


def test_revoked_key_is_refused_at_once(parts: Parts) -> None:
    caller = Caller(parts, make_keys(parts).read)
    assert caller.get("/campaigns").status_code == 200
    (key,) = [k for k in parts.access.keys("demo") if k.name == "reader"]
    parts.access.revoke_key("demo", key.key_id)
    problem(caller.get("/campaigns"), 401)


def test_scopes_hold_on_every_route(parts: Parts) -> None:
    keys = make_keys(parts)
    reader, writer = Caller(parts, keys.read), Caller(parts, keys.write)
    assert reader.ask("GET", "/metrics", headers=reader.headers).status_code == 403
    for method, path in routes(parts):
        caller = writer if method == "GET" else reader
        reply = caller.ask(method, filled(path), headers=caller.headers, json={})
        # A body that does not fit may be told first; nothing is ever carried out.
        assert reply.status_code in (403, 422), (method, path, reply.text)
    assert types_of(parts) == []


def test_every_route_needs_a_key(parts: Parts, admin: Caller) -> None:
    for method, path in routes(parts):
        reply = admin.ask(method, filled(path), json={} if method != "GET" else None)
        assert reply.status_code in (401, 422), (method, path)
        assert "data" not in reply.json()


def test_other_methods_are_refused_with_all_that_are_allowed(admin: Caller) -> None:
    reply = admin.ask("DELETE", CAMPAIGNS, headers=admin.headers)
    problem(reply, 405)
    assert reply.headers["allow"] == "GET, POST"
    reply = admin.ask("PUT", f"{CAMPAIGNS}/{uuid4()}", headers=admin.headers)
    problem(reply, 405)
    assert reply.headers["allow"] == "GET, PATCH"


def test_unknown_addresses_are_problems(admin: Caller) -> None:
    for path in ("/api/v1", "/api/v1/", "/api/v2/campaigns", "/docs", "/%ff", "/campaigns/"):
        problem(admin.ask("GET", path, headers=admin.headers), 404)


def test_unexpected_errors_tell_nothing(
    admin: Caller, reads: FakeReads, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    def fail(workspace: str, query: KpiQuery) -> KpiReport:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(reads, "kpis", fail)
    reply = admin.get("/kpis")
    assert "swordfish" not in str(problem(reply, 500))
    assert "swordfish" in caplog.text


def test_request_ids_are_echoed_when_sane(admin: Caller) -> None:
    def answered(given: str) -> str:
        headers = {**admin.headers, "X-Request-Id": given}
        return str(admin.ask("GET", CAMPAIGNS, headers=headers).headers["x-request-id"])

    assert answered("trace-1") == "trace-1"
    assert answered("a b") != "a b"
    assert len(answered("x" * 500)) == 32


def test_openapi_is_valid_and_public(admin: Caller) -> None:
    document = admin.ask("GET", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    validate(document)
    operations = [o for path in document["paths"].values() for o in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))


def test_health_checks_tell_each_part(admin: Caller, parts: Parts, reads: FakeReads) -> None:
    assert admin.ask("GET", "/livez").status_code == 200
    ready = admin.ask("GET", "/readyz")
    assert ready.json()["checks"]["reads"]["lag_seconds"] == {"responses": 0}
    assert ready.status_code == admin.ask("GET", "/healthz").status_code == 200
    reads.behind = 1
    admin.post("/campaigns", {"name": "Spring"})
    parts.clock.advance(61_000)
    late = admin.ask("GET", "/readyz")
    assert late.status_code == 503
    assert late.json()["checks"]["reads"]["lag_seconds"] == {"responses": 61.0}
    reads.behind = 0
    parts.log.close()
    failing = admin.ask("GET", "/readyz")
    assert failing.status_code == 503
    assert failing.json()["checks"]["log"]["ok"] is False
    assert admin.ask("GET", "/livez").status_code == 200


def test_commands_say_when_the_log_is_away(admin: Caller, parts: Parts) -> None:
    parts.log.close()
    reply = admin.post("/campaigns", {"name": "Spring"})
    problem(reply, 503)
    assert reply.headers["retry-after"]


def test_metrics_need_an_admin_key(admin: Caller, parts: Parts) -> None:
    assert "answerback_build_info" in admin.ask("GET", "/metrics", headers=admin.headers).text
    reader = Caller(parts, make_keys(parts).read)
    problem(reader.ask("GET", "/metrics", headers=reader.headers), 403)
    problem(reader.ask("GET", "/metrics"), 401)


def routes(parts: Parts) -> list[tuple[str, str]]:
    """Every method and path of the management API."""
    paths = build_framework(parts).openapi()["paths"]
    return [
        (method.upper(), path)
        for path, operations in paths.items()
        if path.startswith(API)
        for method in operations
    ]


def filled(path: str) -> str:
    """A path with ids that nobody has."""
    for name in ("campaign_id", "activity_id", "definition_id", "response", "contact_id"):
        path = path.replace(f"{{{name}}}", str(uuid4()))
    return path.replace("{registry}", "link").replace("{entry_id}", "00000000000000aa")


def test_a_key_that_asks_too_often_is_refused(reads: FakeReads, clock: SettableClock) -> None:
    parts = make_parts(reads=reads, clock=clock, settings=Settings(requests_per_minute=2))
    keys = make_keys(parts)
    reader, writer = Caller(parts, keys.read), Caller(parts, keys.write)
    api = build_api(parts)
    for caller in (reader, writer):
        caller._transport = httpx.ASGITransport(api)
    answers = [reader.get("/campaigns") for _ in range(3)]
    assert [reply.status_code for reply in answers] == [200, 200, 429]
    told = problem(answers[2], 429)
    assert told["type"] == "urn:answerback:problem:rate-exceeded"
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    problem(writer.get("/campaigns"), 403)  # another key has its own share
    clock.advance(60_000)
    assert reader.get("/campaigns").status_code == 200


def test_an_address_that_tries_too_many_keys_is_refused(
    reads: FakeReads, clock: SettableClock
) -> None:
    limits = Settings(login_rate_per_minute=2, trusted_proxies=(ip_network("127.0.0.1"),))
    parts = make_parts(reads=reads, clock=clock, settings=limits)
    caller = Caller(parts, make_keys(parts).read)

    def attempt(address: str) -> int:
        # What an attacker writes in front of the proxy's own word is of no use.
        headers = {"X-Forwarded-For": f"{uuid4().int % 250}.9.9.9, {address}"}
        return caller.ask("POST", "/login", data={"key": "x"}, headers=headers).status_code

    assert [attempt("203.0.113.1") for _ in range(3)] == [401, 401, 429]
    assert attempt("203.0.113.2") == 401
    clock.advance(60_000)
    assert attempt("203.0.113.1") == 401
