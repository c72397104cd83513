"""A world per test."""

from __future__ import annotations

import pytest

from tests.support.world import World


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made
