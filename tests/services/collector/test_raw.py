"""Raw bodies of forms: kept sealed before the fact, read by admin keys, gone after their days."""

from __future__ import annotations

import base64
from typing import Any, NoReturn
from uuid import UUID

import httpx
import pytest

from events.raw import RawBodies
from events.raw_sqlite import SqliteRawBodies
from schemas.errors import StoreUnavailable
from schemas.instants import DAY
from services.metrics import REGISTRY
from services.server import build_app
from tests.services.collector.site import FORM, ORIGIN, Site
from tests.support.clock import SettableClock
from tests.support.parts import make_parts

SENT = {"name": "Ann", "email": "Ann@Example.com"}


class BrokenRaw(RawBodies):
    """A store that is out of reach."""

    def put(self, *_: Any) -> NoReturn:
        raise StoreUnavailable("No room.")

    def get(self, *_: Any) -> NoReturn:
        raise StoreUnavailable("No room.")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def kept(tmp_path, clock):
    raw = SqliteRawBodies(tmp_path / "raw.db", clock, 30)
    site = Site(parts=make_parts(raw=raw, clock=clock))
    site.register_form()
    yield site
    raw.close()


def _post(site: Site, name: str = "s-1") -> UUID:
    fields = {**SENT, "ab_submission": name}
    headers = {"Origin": ORIGIN, "Cookie": "session=secret", "X-Seen": "yes"}
    reply = site.ask("POST", f"/f/{FORM}", data=fields, headers=headers)
    assert reply.status_code == 303
    return site.event().event_id


def _ask(site: Site, event: UUID, key: str) -> httpx.Response:
    app = build_app(site.parts)
    return _once(app, f"/api/v1/events/{event}/raw", key)


def _once(app: Any, path: str, key: str) -> httpx.Response:
    import asyncio

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get(path, headers={"Authorization": f"Bearer {key}"})

    return asyncio.run(ask())


def test_the_request_is_kept_as_it_came(kept: Site) -> None:
    event = _post(kept)
    found = _ask(kept, event, kept.keys.admin)
    assert found.status_code == 200
    told = found.json()
    assert b"Ann%40Example.com" in base64.b64decode(told["body"])
    assert told["content_type"] == "application/x-www-form-urlencoded"
    assert told["headers"]["x-seen"] == "yes"
    assert "cookie" not in told["headers"]


def test_it_lies_sealed(kept: Site, tmp_path) -> None:
    _post(kept)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("raw.db*"))
    assert len(stored) > 1000
    assert b"Ann" not in stored


def test_it_is_for_admin_keys_of_its_workspace(kept: Site) -> None:
    event = _post(kept)
    assert _ask(kept, event, kept.keys.read).status_code == 403
    kept.parts.access.create_workspace("other", "UTC", "EUR")
    from services.access import Scope

    stranger = kept.parts.access.create_key("other", "admin", frozenset((Scope.ADMIN,))).secret
    assert _ask(kept, event, stranger).status_code == 404


def test_it_is_gone_after_its_days(kept: Site, clock: SettableClock) -> None:
    event = _post(kept)
    clock.advance(30 * DAY)
    gone = _ask(kept, event, kept.keys.admin)
    assert gone.status_code == 404
    assert "days are over" in gone.json()["detail"]


def test_a_body_that_cannot_be_kept_loses_no_fact(clock: SettableClock) -> None:
    site = Site(parts=make_parts(raw=BrokenRaw(), clock=clock))
    site.register_form()
    before = REGISTRY.get_sample_value("answerback_raw_lost_total") or 0
    _post(site)
    assert REGISTRY.get_sample_value("answerback_raw_lost_total") == before + 1
