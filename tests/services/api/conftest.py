"""An API on memory parts, and callers of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.parts import Parts
from services.settings import Settings
from tests.services.api.caller import Caller
from tests.services.api.fake_reads import FakeReads
from tests.support.clock import SettableClock
from tests.support.parts import make_keys, make_parts


@pytest.fixture
def reads() -> FakeReads:
    return FakeReads()


@pytest.fixture
def parts(reads: FakeReads, clock: SettableClock) -> Parts:
    settings = Settings(data=Path("unused"), sender_origins=("https://sender.example",))
    return make_parts(reads=reads, clock=clock, settings=settings)


@pytest.fixture
def admin(parts: Parts) -> Caller:
    return Caller(parts, make_keys(parts).admin)


@pytest.fixture
def stranger(parts: Parts) -> Caller:
    """An admin of another workspace."""
    parts.access.create_workspace("other", "UTC", "USD")
    return Caller(parts, make_keys(parts, "other").admin)
