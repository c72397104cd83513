"""An office on a small world."""

from __future__ import annotations

import pytest

from tests.support.office import Office
from tests.support.world import World


@pytest.fixture
def office(tmp_path):
    with World(tmp_path) as world:
        yield Office(world)
