"""A figure's receipt: asked again for what was known then, it is the same, whatever came since."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from projections.past.shelf import Shelf
from projections.reading.reader import StoredReads
from schemas.kpis import KpiQuery, KpiReport
from tests.support import campaign as c
from tests.support.replayed import Operated, WithoutVisits
from tests.support.world import WORKSPACE

pytestmark = [pytest.mark.both_modes]


@pytest.fixture
def reads(operated, tmp_path):
    shelf = Shelf(operated.models, tmp_path / "pasts", operated.world.clock, patience=60)
    yield operated.reads(shelf)
    shelf.close()


def asked(reads: StoredReads, known_at: str | None = None) -> KpiReport:
    return reads.kpis(WORKSPACE, KpiQuery(group_by=("campaign",), known_at=known_at))


def test_it_is_the_same_for_what_was_known_then_and_another_for_what_is_known_now(operated, reads):
    before = asked(reads)
    at = operated.world.clock() - 39 * 86_400_000
    operated.world.append(c.clicked(operated.world, 1, at))
    operated.run()
    assert asked(reads).checksum != before.checksum
    assert asked(reads, before.cursor).checksum == before.checksum


def test_it_is_the_same_by_equal_tables_and_another_by_other_rules(
    operated, reads, world, tmp_path
):
    before = asked(reads)
    number = operated.replaying.begin().generation.number
    operated.grow()
    operated.replaying.promote(number, False)
    after = asked(reads)
    assert (after.generation, after.checksum) == (number, before.checksum)
    changed = Operated(world, WithoutVisits)
    shelf = Shelf(changed.models, tmp_path / "others", world.clock, patience=60)
    other = changed.replaying.begin().generation.number
    changed.grow()
    changed.replaying.promote(other, False)
    assert asked(changed.reads(shelf)).checksum != before.checksum
    shelf.close()


def test_anyone_can_count_it_again(reads):
    told = asked(reads).model_dump(mode="json")
    rest = {n: told[n] for n in told if n not in {"checksum", "generation", "known_at"}}
    content = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)
    assert told["checksum"] == hashlib.sha256(content).hexdigest()
