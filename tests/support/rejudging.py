"""The classifier as engineers handle it: published, replayed by, promoted, and looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from projections.columns.arrow import names_table
from projections.digests import TableDigest
from projections.generations import live_generation
from projections.kpis.report import kpi_groups
from projections.replay.generation import State
from schemas.classifier import CLASSIFIER_ID
from schemas.kpis import KpiGroup, KpiQuery
from tests.support.replayed import Operated
from tests.support.world import WORKSPACE, World

NO_BROWSER = {"crawlers": ["mozilla"]}
"""A classifier that takes everybody for a machine whose browser says so."""
LENIENT = {"burst_links": 90, "after_delivery": 0, "fast_click": 0, "public_crawlers": False}
"""And one that takes hardly any hit for a machine's."""
FOR_EVER = 4_102_444_800_000


def step(world: World, kind: str, body: dict[str, Any], version: int, place: int) -> None:
    """A step of the classifier, at a place of its stream."""
    data = {"definition_id": str(CLASSIFIER_ID), "kind": "classifier", "version": version,
            "body": body}  # fmt: skip
    stream = f"definition:{CLASSIFIER_ID}"
    world.append(world.decision(f"definition.{kind}", data, stream, place, CLASSIFIER_ID))
    world.clock.advance(10_000)


def publish(world: World, body: dict[str, Any], version: int) -> None:
    """Have a version of the classifier drafted and published."""
    step(world, "drafted", body, version, 2 * version - 3)
    step(world, "published", body, version, 2 * version - 2)


def begin(operated: Operated) -> int:
    """Have a generation by the published classifier built."""
    number = operated.replaying.begin().generation.number
    operated.run()
    return number


def promote(operated: Operated, number: int) -> int:
    """Put it in place of the live one; answers how many events told of it."""
    return operated.replaying.promote(number, anyway=False).published


@dataclass(frozen=True)
class Figures:
    """All that readers are told, and all rows."""

    kpis: list[KpiGroup]
    tables: list[TableDigest]

    @property
    def opened(self) -> int:
        """How many messages a person opened."""
        return sum(group.kpis["open_rate"].numerator for group in self.kpis)


def figures(operated: Operated) -> Figures:
    world, number = operated.world, live_generation(operated.world.rows)
    kpis = kpi_groups(world.columns, WORKSPACE, number, KpiQuery(group_by=("campaign",)))
    return Figures(kpis, operated.digests(number))


_UNTRUE = (
    "SELECT g.generation AS generation, toString(g.event_id) AS event_id, g.judged AS judged, "
    "t.told AS told FROM (SELECT generation, event_id, classifier_version, "
    "toString(verdict) AS judged FROM judgement FINAL WHERE generation IN ("
    "SELECT toUInt32(name) FROM $given) AND verdict != 'unjudged') AS g "
    "LEFT JOIN (SELECT toUUID(JSONExtractString(data, 'event_id')) AS hit, "
    "toUInt16(JSONExtractUInt(data, 'classifier_version')) AS classifier, "
    "argMax(JSONExtractString(data, 'verdict'), JSONExtractUInt(data, 'ordinal')) AS told "
    "FROM journal WHERE type = 'interaction.judged' GROUP BY hit, classifier) AS t "
    "ON t.hit = g.event_id AND t.classifier = g.classifier_version "
    "WHERE told != judged"
)


def untrue(operated: Operated) -> list[dict[str, Any]]:
    """Hits of which something else was told than the generations have that follow."""
    given = names_table(
        name=[
            str(one.generation.number)
            for one in operated.replaying.replays()
            if one.generation.state in {State.READY, State.LIVE, State.KEPT}
        ]
    )
    found: list[dict[str, Any]] = operated.world.columns.query(_UNTRUE, None, given).to_pylist()
    return found


def sound(operated: Operated) -> bool:
    """Whether all that is live equals a rebuild, and what was told is what was judged."""
    assert [one.table for one in operated.rebuilt() if not one.equal] == []
    assert untrue(operated) == []
    return operated.twice_journaled() == []
