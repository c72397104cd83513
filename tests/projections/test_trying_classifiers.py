"""What another classifier would say, told before a replay by it is begun (N2, N5)."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.classifier import CLASSIFIER_ID
from schemas.dry_runs import DryRun, DryRunQuery
from schemas.errors import Stale
from schemas.kpis import KpiChangesQuery, KpiQuery
from tests.support import campaign as c
from tests.support.listed import LIST
from tests.support.listed import publish as publish_rule
from tests.support.rejudging import NO_BROWSER, begin, figures, promote, publish, step
from tests.support.replayed import Operated, visited
from tests.support.world import WORKSPACE, World

pytestmark = pytest.mark.both_modes
FOR_EVER = 4_102_444_800_000


def asked(world: World, version: int, **more: Any) -> DryRun:
    query = DryRunQuery(
        definition_id=CLASSIFIER_ID, version=version, since=0, until=FOR_EVER, **more
    )
    return world.reads().dry_run(WORKSPACE, query)


def test_a_draft_is_tried_over_all_of_history_and_changes_nothing(world: World) -> None:
    visited(world)
    publish_rule(world, {"did": "email.opened"})
    operated = Operated(world)
    operated.run()
    before = figures(operated)
    step(world, "drafted", NO_BROWSER, 2, 1)
    operated.run()
    told = asked(world, 2)
    (on_list,) = told.lists
    assert (on_list.list_id, on_list.now, on_list.then) == (LIST, 2, 0)
    assert (on_list.joins, on_list.leaves) == (0, 2)
    assert (told.responses.now, told.responses.then, told.responses.leave.count) == (3, 1, 2)
    (group,) = told.kpis
    assert group.kpis["open_rate"].parts.keys() == {"rejudged"}
    assert (told.version, told.classifier_version) == (2, 1)
    assert asked(world, 1).responses.leave.count == 0
    assert figures(operated) == before
    with pytest.raises(Stale, match="not in the log yet"):
        asked(world, 3)


def test_figures_by_any_version_say_by_which(world: World) -> None:
    visited(world)
    operated = Operated(world)
    operated.run()
    publish(world, NO_BROWSER, 2)
    operated.run()

    def told(classifier: int | None) -> tuple[int, int, int]:
        report = world.reads().kpis(WORKSPACE, KpiQuery(only=("open_rate",), classifier=classifier))
        rate = report.data[0].kpis["open_rate"]
        return rate.numerator, report.classifier_version, report.generation

    assert [told(None), told(1), told(2)] == [(2, 1, 1), (2, 1, 1), (0, 2, 1)]
    promote(operated, number := begin(operated))
    operated.run()
    world.sinks = operated.runner.sinks
    assert [told(None), told(1), told(2)] == [(0, 2, number), (2, 1, number), (0, 2, number)]


def test_what_was_judged_otherwise_is_a_part_of_a_difference(world: World) -> None:
    visited(world)
    operated = Operated(world)
    operated.run()
    before = world.log.heads().encode()
    publish(world, NO_BROWSER, 2)
    promote(operated, begin(operated))
    world.append(c.opened(world, 2, world.clock() - 39 * 86_400_000, agent="Thunderbird"))
    operated.run()
    world.sinks = operated.runner.sinks
    query = KpiChangesQuery(
        known_before=before, known_at=world.log.heads().encode(), only=("open_rate",),
        classifier_before=1,
    )  # fmt: skip
    told = world.reads().kpi_changes(WORKSPACE, query)
    (group,) = told.data
    parts = {name: part.numerator for name, part in group.kpis["open_rate"].parts.items()}
    assert parts == {"late_events": 1, "rejudged": -2}
    assert (told.classifier_before, told.classifier_version) == (1, 2)
