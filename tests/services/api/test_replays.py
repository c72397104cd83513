"""Generations over HTTP: for admins, and nothing of what is in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.parts import Parts
from tests.services.api.caller import Caller
from tests.services.api.fake_replays import some_replays
from tests.support.parts import make_keys


@pytest.fixture
def parts(parts: Parts) -> Parts:
    return replace(parts, replays=some_replays())


def test_an_admin_sees_how_far_each_is(admin: Caller) -> None:
    assert admin.get("/replays").json()["data"] == [{
        "generation": 1, "state": "live", "stage": "following", "done": 3, "total": 4,
        "begun_at": "1970-01-01T00:00:01.000Z", "switched_at": None, "seconds": 0.0,
        "unapplied": 0, "waits": False, "mixed": [],
    }]  # fmt: skip


def test_only_an_admin_sees_them(parts: Parts) -> None:
    assert Caller(parts, make_keys(parts).read).get("/replays").status_code == 403


def test_a_process_that_makes_none_says_so(parts: Parts) -> None:
    without = replace(parts, replays=None)
    assert Caller(without, make_keys(parts).admin).get("/replays").status_code == 503
