"""Whatever is thrown at a door: no traceback, no 500, and a problem that says what to do."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.catalogue import Topic, load_all
from services.collector.events_door import MANY, ONE
from services.collector.form_bodies import JSON, URLENCODED
from services.http import Message
from services.settings import Settings
from tests.services.collector.site import FORM, SOURCE, Site, cloud_event
from tests.support.parts import make_parts

LARGE = 10 << 20
LIMIT = 1 << 20
FACTS = sorted({kind.name for kind in load_all() if Topic.FACTS in kind.origins})


@pytest.fixture
def site(site: Site, caplog: pytest.LogCaptureFixture) -> Iterator[Site]:
    site.register_form()
    site.register_link()
    site.register_source()
    with caplog.at_level(logging.ERROR):
        yield site
    assert caplog.records == []


def headers(site: Site, kind: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.keys.write}", "Content-Type": kind, **more}


DOORS = [
    ("/v1/events", ONE),
    ("/v1/events", MANY),
    (f"/f/{FORM}", URLENCODED),
    (f"/f/{FORM}", JSON),
    (f"/e/{SOURCE}", "text/plain"),
]
BODIES = {
    "nothing": b"",
    "one byte": b"\xff",
    "no UTF-8": b'{"a":"\xc3\x28"}',
    "NUL bytes": b"\0" * 100,
    "half of JSON": b'{"specversion":"1.0"',
    "two roots": b"{} {}",
    "a number": b"5",
    "null": b"null",
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a huge integer": b'{"id":' + b"9" * 100_000 + b"}",
    "infinity": b'{"id":1e999999}',
    "a repeated name": b'{"id":"a","id":"b"}',
    "half a surrogate": rb'{"id":"\udfff"}',
    "a zip": b"PK\x03\x04" + b"\0" * 50,
    "HTML": b"<html><script>alert(1)</script></html>",
    "many separators": b"&" * 200_000,
    "many equals": b"=&" * 50_000,
    "percent signs": b"%" * 50_000,
    "a list of everything": b'[null,true,5,1.5,"x",[],{},{"specversion":"1.0"}]',
}  # fmt: skip


@pytest.mark.parametrize(("path", "kind"), DOORS)
@pytest.mark.parametrize("name", BODIES)
def test_a_rubbish_body_is_answered_with_a_problem(
    site: Site, path: str, kind: str, name: str
) -> None:
    reply = site.ask("POST", path, content=BODIES[name], headers=headers(site, kind))
    assert reply.status_code in (202, 400, 422)
    if reply.status_code == 202:
        assert reply.json()["accepted"] == 0
        assert reply.json()["rejected"]
    else:
        problem = reply.json()
        assert reply.headers["content-type"] == "application/problem+json"
        assert problem["status"] == reply.status_code
        assert problem["detail"].endswith(".")
        assert problem["request_id"] == reply.headers["x-request-id"]
        assert problem["instance"] == path
    assert "Traceback" not in reply.text
    assert site.events() == []


class Source:
    """A body that counts how much of it was taken."""

    def __init__(self, piece: bytes, pieces: int) -> None:
        self.taken = 0
        self._piece = piece
        self._pieces = pieces

    async def __call__(self) -> Message:
        self.taken += 1
        more = self.taken < self._pieces
        return {"type": "http.request", "body": self._piece, "more_body": more}


def post(site: Site, source: Source, *told: tuple[bytes, bytes]) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append({**message, "taken": source.taken})

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/events",
        "client": ("203.0.113.9", 1),
        "headers": [(b"authorization", f"Bearer {site.keys.write}".encode()), *told],
    }
    asyncio.run(site.collector(scope, source, send))
    return sent


def test_an_announced_large_body_is_refused_before_it_is_read(site: Site) -> None:
    source = Source(b"x" * 65_536, LARGE // 65_536)
    start, *_ = post(site, source, (b"content-length", str(LARGE).encode()))
    assert (start["status"], start["taken"]) == (413, 0)
    assert (b"connection", b"close") in start["headers"]


def test_an_unannounced_large_body_is_refused_at_the_limit(site: Site) -> None:
    source = Source(b"x" * 65_536, LARGE // 65_536)
    start, *_ = post(site, source)
    assert start["status"] == 413
    assert start["taken"] <= LIMIT // 65_536 + 1


@pytest.mark.parametrize("length", [b"9" * 100, b"99999999999999999999"])
def test_an_absurd_length_is_refused(site: Site, length: bytes) -> None:
    assert post(site, Source(b"", 1), (b"content-length", length))[0]["status"] == 413


def test_a_gzip_bomb_is_refused_without_being_expanded(site: Site) -> None:
    bomb = gzip.compress(b"0" * (200 << 20), 9)
    assert len(bomb) < LIMIT
    sent = headers(site, MANY, **{"Content-Encoding": "gzip"})
    assert site.ask("POST", "/v1/events", content=bomb, headers=sent).status_code == 413


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"no gzip", 422),
        ("gzip", gzip.compress(b"[]", mtime=0)[:-4], 422),
        ("gzip", gzip.compress(b"[]", mtime=0) + b"more", 422),
        ("gzip", b"", 422),
        ("br", b"[]", 415),
        ("gzip, gzip", b"[]", 415),
    ],
)
def test_a_wrong_encoding_is_told(site: Site, encoding: str, body: bytes, status: int) -> None:
    sent = headers(site, MANY, **{"Content-Encoding": encoding})
    assert site.ask("POST", "/v1/events", content=body, headers=sent).status_code == status


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    site = Site(make_parts(settings=Settings(body_timeout_seconds=0.02)))

    class Slow(Source):
        async def __call__(self) -> Message:
            if self.taken:
                await asyncio.sleep(3600)
            return await super().__call__()

    assert post(site, Slow(b"[", 2))[0]["status"] == 408


def test_a_client_that_hangs_up_disturbs_nobody(site: Site) -> None:
    class Gone(Source):
        async def __call__(self) -> Message:
            return {"type": "http.disconnect"}

    assert post(site, Gone(b"", 1))[0]["status"] == 400


@pytest.mark.parametrize("path", ["/", "/v1/events/x", "/o", "/x/y", "/V1/EVENTS", "//", "/é"])
def test_a_path_that_is_none_is_not_found(site: Site, path: str) -> None:
    reply = site.ask("GET", path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("identity", ["abc-123", "a" * 64])
def test_the_callers_own_request_id_is_echoed(site: Site, identity: str) -> None:
    reply = site.ask("GET", "/nothing", headers={"X-Request-Id": identity})
    assert reply.headers["x-request-id"] == reply.json()["request_id"] == identity


@pytest.mark.parametrize("identity", ["", "a" * 65, "a b", "<script>", "é"])
def test_an_insane_request_id_is_replaced(site: Site, identity: str) -> None:
    reply = site.ask("GET", "/nothing", headers={"X-Request-Id": identity.encode("latin-1")})
    assert reply.headers["x-request-id"] != identity


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["contact:x", "9" * 50, "2026-13-45", "\0", "x" * 3000]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = sorted({name for kind in load_all() for name in kind.model.model_fields} | {"from", "to"})


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from(FACTS),
    data=st.dictionaries(st.sampled_from(NAMES), JUNK, max_size=8) | JUNK,
    more=st.dictionaries(st.sampled_from(["id", "time", "subject", "batchid", "test"]), JUNK),
)
def test_junk_in_any_type_of_fact_is_taken_or_told(
    site: Site, kind: str, data: Any, more: Any
) -> None:
    body = json.dumps(cloud_event(kind=kind, data=data) | more).encode()
    reply = site.ask("POST", "/v1/events", content=body, headers=headers(site, ONE))
    assert reply.status_code in (202, 422)


def test_cut_and_flipped_events_are_taken_or_told(site: Site) -> None:
    dice = random.Random(7)  # noqa: S311 - the same dice in every run
    whole = orjson.dumps([cloud_event(str(n)) for n in range(3)])
    for _ in range(200):
        damaged = bytearray(
            whole[: dice.randrange(len(whole))] + whole[dice.randrange(len(whole)) :]
        )
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        reply = site.ask("POST", "/v1/events", content=bytes(damaged), headers=headers(site, MANY))
        assert reply.status_code in (202, 400, 422)
