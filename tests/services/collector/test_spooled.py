"""Doors whose log is away: what they take is on disk, and comes into the log once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from events.spool import SpooledLog
from events.spool_file import SpoolFile
from schemas.clock import random_id
from services.collector.pixel import GIF
from tests.services.collector.broken_log import BreakableLog
from tests.services.collector.site import Site, cloud_event
from tests.support.parts import make_parts
from tests.support.randomness import seeded
from tests.support.waiting import until


@dataclass
class Spooled:
    """A site, the log behind it, and the spool between them."""

    site: Site
    inner: BreakableLog
    log: SpooledLog

    def drained(self) -> bool:
        return self.log.waiting().entries == 0


@pytest.fixture
def spooled(tmp_path: Path) -> Iterator[Spooled]:
    inner = BreakableLog()
    parts = make_parts(log=inner)
    spool, draw = SpoolFile(tmp_path / "spool.db"), partial(random_id, seeded(5))
    log = SpooledLog(lambda: inner, inner.partitions, spool, 10_000, parts.clock, draw)
    yield Spooled(Site(replace(parts, log=log)), inner, log)
    log.close()
    parts.access.close()


def test_events_are_accepted_and_their_position_is_told_later(spooled: Spooled) -> None:
    spooled.inner.fails = True
    reply = spooled.site.send([cloud_event(), cloud_event(id="other")])
    assert (reply.status_code, reply.json()["accepted"]) == (202, 2)
    word, _, pending = reply.json()["position"].partition(":")
    assert (word, spooled.log.cursor_of(UUID(pending))) == ("pending", None)
    before = spooled.inner.heads()
    spooled.inner.fails = False
    until(spooled.drained)
    cursor = spooled.log.cursor_of(UUID(pending))
    assert cursor is not None
    assert spooled.inner.heads().total == before.total + 2
    assert spooled.inner.heads().reaches(cursor)


def test_hits_are_answered_and_stored_once(spooled: Spooled) -> None:
    spooled.inner.fails = True
    for _ in range(3):
        reply = spooled.site.ask("GET", spooled.site.pixel())
        assert (reply.status_code, reply.content) == (200, GIF)
    before = spooled.inner.heads().total
    spooled.inner.fails = False
    until(spooled.drained)
    assert spooled.inner.heads().total == before + 3


def test_a_full_spool_is_told(spooled: Spooled) -> None:
    spooled.inner.fails = True
    replies = [spooled.site.send(cloud_event(id=str(n))) for n in range(60)]
    assert {reply.status_code for reply in replies} == {202, 503}
    assert replies[-1].headers["retry-after"] == "1"
    assert "spool" in replies[-1].json()["detail"]
    kept = sum(reply.status_code == 202 for reply in replies)
    spooled.inner.fails = False
    until(spooled.drained)
    accepted = [e for e in spooled.site.events() if e.type == "order.placed"]
    assert len(accepted) == kept
