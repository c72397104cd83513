"""The views of BI tools: figures that equal the API's, plain types, a comment on everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from projections.bi.facts import READ
from projections.bi.making import VIEWS, bi_database, create_views, point
from tests.support import campaign as c
from tests.support.world import World

ROOT = Path(__file__).parents[2]
RIGHTS, PAGE = ROOT / "deploy" / "clickhouse" / "bi.sql", ROOT / "docs" / "bi.md"
MINUTE = 60_000
DAY = 86_400_000


@pytest.fixture
def bi(world: World) -> Iterator[str]:
    """The database of views, over a campaign that some people and a machine answered."""
    start = world.clock() - DAY
    world.append(*c.planned(world))
    for number in range(5):
        world.append(c.contact(world, number), *c.sent(world, number, start))
    at = start + 10 * MINUTE
    for number in range(3):
        world.append(c.opened(world, number, at), c.clicked(world, number, at + MINUTE))
    world.append(c.opened(world, 4, at, agent=c.CRAWLER), c.called(world, 3, at))
    world.run()
    create_views(world.columns, 1)
    yield bi_database(world.columns)
    world.columns.run(f"DROP DATABASE {bi_database(world.columns)} SYNC")


def rows(world: World, sql: str) -> list[dict[str, Any]]:
    return world.columns.query(sql).to_pylist()


@pytest.mark.both_modes
def test_human_interactions_are_told_from_machines(world: World, bi: str) -> None:
    found = rows(
        world,
        "SELECT event_type, toString(verdict) AS verdict, count() AS n, "
        f"uniqExact(campaign_id) AS campaigns FROM {bi}.fact_interaction "
        "WHERE event_type IN ('email.opened', 'email.clicked') GROUP BY ALL ORDER BY ALL",
    )
    assert [(row["event_type"], row["verdict"], row["n"]) for row in found] == [
        ("email.clicked", "human", 3), ("email.opened", "human", 3), ("email.opened", "machine", 1)
    ]  # fmt: skip
    assert {row["campaigns"] for row in found} == {1}
    (one,) = rows(world, f"SELECT DISTINCT campaign_id FROM {bi}.fact_interaction "
                  "WHERE event_type = 'email.opened'")  # fmt: skip
    assert one["campaign_id"] == str(c.CAMPAIGN)


def test_hours_add_up_to_the_interactions(world: World, bi: str) -> None:
    (whole,) = rows(world, f"SELECT count() AS n FROM {bi}.fact_interaction")
    (hours,) = rows(world, f"SELECT sum(events) AS n FROM {bi}.fact_interaction_hourly")
    assert whole["n"] == hours["n"] > 0


def test_countable_responses_are_those_of_the_kpis(world: World, bi: str) -> None:
    (found,) = rows(world, f"SELECT sum(is_countable) AS n FROM {bi}.fact_response")
    (group,) = world.kpis("campaign")
    assert found["n"] == group.kpis["cost_per_response"].denominator > 3


def test_a_campaign_has_its_costs_and_its_status(world: World, bi: str) -> None:
    (found,) = rows(world, f"SELECT * FROM {bi}.dim_campaign")
    assert (found["campaign_id"], found["code"], found["status"]) == (
        str(c.CAMPAIGN), "OFFER", "proposed",
    )  # fmt: skip
    activities = rows(world, f"SELECT * FROM {bi}.dim_activity ORDER BY channel")
    assert [row["channel"] for row in activities] == ["email", "phone", "sms"]
    cost = sum(row["cost"] for row in activities)
    assert found["total_cost"] == found["misc_cost"] + cost


def test_every_view_and_column_says_what_it_is(world: World, bi: str) -> None:
    told = rows(world, "SELECT table, name, type, comment FROM system.columns "
                f"WHERE database = '{bi}'")  # fmt: skip
    assert {row["table"] for row in told} == {view.name for view in VIEWS}
    assert [row for row in told if not row["comment"]] == []
    hidden = ("JSON", "Dynamic", "Variant", "AggregateFunction", "Map(", "Tuple(")
    assert [row for row in told if row["type"].startswith(hidden)] == []
    tables = rows(world, f"SELECT name, comment FROM system.tables WHERE database = '{bi}'")
    assert [row["name"] for row in tables if not row["comment"]] == []


def test_all_views_follow_the_pointer(world: World, bi: str) -> None:
    point(world.columns, 2)
    for view in ("fact_response", "dim_campaign", "dim_activity"):
        assert rows(world, f"SELECT * FROM {bi}.{view}") == []
    point(world.columns, 1)
    assert len(rows(world, f"SELECT * FROM {bi}.dim_campaign")) == 1


def test_days_and_freshness_are_there(world: World, bi: str) -> None:
    (day,) = rows(world, f"SELECT * FROM {bi}.dim_date WHERE d = '2026-11-28'")
    assert (day["dow"], day["is_weekend"], day["iso_week"]) == (6, 1, 48)
    (fresh,) = rows(world, f"SELECT * FROM {bi}.v_freshness")
    assert fresh["workspace"] == "demo"
    assert fresh["events"] == world.log.heads().total


def test_the_rights_are_those_of_what_the_views_read(world: World, bi: str) -> None:
    """No server runs here that knows roles: the file is compared with what it grants."""
    text = RIGHTS.read_text("utf-8")
    granted = re.search(r"GRANT SELECT\(([^)]*)\)\s+ON answerback\.journal ", text)
    assert granted is not None
    assert set(re.split(r",\s*", granted[1])) == set(READ)
    read = {
        name for view in VIEWS
        for name in re.findall(r"answerback\.(\w+)", view.statement("bi", "answerback"))
    }  # fmt: skip
    assert set(re.findall(r"ON answerback\.(\w+) TO bi_reader", text)) == read
    policies = re.findall(r"ROW POLICY (?:OR REPLACE )?(\w+) ON\s+([^;]+?)\s+FOR SELECT", text)
    guarded = {name: set(re.findall(r"answerback\.(\w+)", tables)) for name, tables in policies}
    assert guarded == {"bi_workspace": read - {"pointer"}, "bi_others": read - {"pointer"}}


def test_the_example_of_the_page_runs(world: World, bi: str) -> None:
    (example,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    found = rows(world, example.replace("bi.", f"{bi}.").replace("today() - 30", "'2000-01-01'"))
    assert found == [{"name": "Offer", "people": 3, "everybody": 4}]
