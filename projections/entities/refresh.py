"""Computes the touched entities of a page anew, or all of them, by the texts of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import orjson
import pyarrow as pa

from projections.columns.arrow import names_table
from projections.columns.people import clusters_of, members_of
from projections.columns.touched import Touched, message_pairs, pairs_table
from projections.entities.forms import forms_sql
from projections.entities.messages import messages_sql
from projections.entities.notices import (
    FRESH,
    NOTICE_COLUMNS,
    PERSONS_GIVEN,
    PERSONS_OF_RANGE,
    notices_given,
    notices_of_range,
    strays_of_range,
)
from projections.entities.order import EVERYONE
from projections.entities.ranges import message_ranges, stray_ranges
from projections.entities.reach import Goal, reach_sql
from projections.stores.columns import Columns, Parameters
from projections.stores.tables import ENTITY_COLUMNS, ENTITY_KEYS, latest_copy, latest_entity
from schemas.decisions.campaign import GoalEvent

_IN_GIVEN = "IN (SELECT name FROM $given)"
_MESSAGES = latest_entity("message_row")
# Rows of one statement differ in their keys, so a block need not be merged before it is written:
# that took twice the time of the writing.
_UNIQUE = "optimize_on_insert = 0"
_ALONE = f"SETTINGS max_threads = 1, max_insert_threads = 1, {_UNIQUE}"
_GOALS_AT_ONCE = 50  # each adds its text to the query, and the engine bounds a query's size


class Entities:
    """The entity rows of one generation, as of one version."""

    def __init__(self, columns: Columns, generation: int, version: int) -> None:
        self._columns = columns
        self._generation = generation
        self._version = version

    def refresh(self, touched: Touched) -> None:
        """Compute what a page touches: messages first, since goals are reached by messages."""
        here = self._here(touched.workspace)
        regrouped = self._clusters(touched.workspace, touched.regrouped)
        keys = touched.message_keys | self._messages_of(here, regrouped)
        pairs = message_pairs(self._columns, touched.workspace, keys)
        messages = pairs_table(pairs)
        goals = self.goals(touched.workspace)
        left = self._clusters_of_messages(here, messages) if pairs and goals else set()
        if pairs:
            text = messages_sql(notices_given(), PERSONS_GIVEN)
            self._insert("message_row", text, here, messages)
        if touched.forms or regrouped:
            self._forms(here, touched, regrouped)
        self._goals(here, touched, goals, regrouped | left, messages)

    def rebuild(self, workspace: str, pool: Executor) -> None:
        """Compute all entities of a workspace, of which there are none yet in this generation."""
        here = self._here(workspace)
        text = forms_sql(EVERYONE, "1", judged=FRESH)
        forms = pool.submit(self._insert, "form_row", text, here, None)
        self._lay_out_strays(here, pool)
        text = messages_sql(notices_of_range(), PERSONS_OF_RANGE)
        ranges = message_ranges(self._columns, workspace)
        self._beside(pool, _inserting("message_row", text), here, ranges)
        self._columns.run(f"ALTER TABLE stray DROP PARTITION {self._generation}")
        forms.result()
        self._reach(self.goals(workspace), here, None)

    def _lay_out_strays(self, here: Parameters, pool: Executor) -> None:
        """Store the strays by their messages, so that each range of messages finds its own."""
        self._columns.run(f"ALTER TABLE stray DROP PARTITION {self._generation}")
        names = ", ".join(("generation", "workspace", *NOTICE_COLUMNS, "verdict"))
        text = f"INSERT INTO stray ({names}) {_ALONE} SELECT {names} FROM ({strays_of_range()})"
        self._beside(pool, text, here, stray_ranges(self._columns, str(here["workspace"])))

    def _beside(
        self, pool: Executor, statement: str, here: Parameters, ranges: Sequence[tuple[str, str]]
    ) -> None:
        """Run a statement over every range, several at once.

        A pipeline of one statement waits for its slowest part: joins are filled and parts are
        written by one thread, which left a third of two cores idle. Ranges beside each other do
        not, and what one thread has grouped need not be merged.
        """
        running = [
            pool.submit(self._columns.run, statement, {**here, "low": low, "high": high})
            for low, high in ranges
        ]
        for one in running:
            one.result()

    def goals(self, workspace: str) -> list[Goal]:
        """The goals of a workspace's campaigns."""
        rows = self._columns.query(
            "SELECT id, goal_event, goal_months, goal_days, goal_seconds "
            f"FROM {latest_copy('campaign')} WHERE goal_event != '' ORDER BY id",
            self._scope(workspace),
        ).to_pylist()
        return [
            Goal(row["id"], GoalEvent.model_validate(orjson.loads(row["goal_event"])),
                 row["goal_months"], row["goal_days"], row["goal_seconds"])
            for row in rows
        ]  # fmt: skip

    def goal_types(self) -> frozenset[str]:
        """The event types that any campaign's goal reads."""
        rows = self._columns.query(
            "SELECT DISTINCT goal_event FROM campaign_copy "
            "WHERE generation = {generation:UInt32} AND goal_event != ''",
            {"generation": self._generation},
        )
        return frozenset(orjson.loads(raw)["type"] for raw in rows.column(0).to_pylist())

    def _messages_of(self, here: Parameters, clusters: set[str]) -> set[str]:
        """The messages of whoever belongs, or belonged, to the clusters."""
        if not clusters:
            return set()
        found = self._columns.query(
            "SELECT message_id FROM message_row FINAL "
            "WHERE generation = {generation:UInt32} AND workspace = {workspace:String} "
            f"AND (cluster {_IN_GIVEN} OR person {_IN_GIVEN})",
            {name: here[name] for name in ("workspace", "generation")},
            names_table(name=sorted(clusters)),
        )
        return set(found.column("message_id").to_pylist())

    def _forms(self, here: Parameters, touched: Touched, regrouped: set[str]) -> None:
        clusters = self._clusters(touched.workspace, touched.forms) | regrouped
        members = members_of(self._columns, touched.workspace, self._generation, clusters)
        given = names_table(name=sorted(members))
        limits = (f"j.person {_IN_GIVEN}", f"cluster {_IN_GIVEN}")
        self._insert("form_row", forms_sql(*limits), here, given)
        self._bury("form_row", here, "cluster", sorted(clusters))

    def _goals(
        self, here: Parameters, touched: Touched, goals: Sequence[Goal], regrouped: set[str],
        pairs: pa.Table,
    ) -> None:  # fmt: skip
        """Goals reached by touched people, and by anyone in a campaign that was changed."""
        changed = [goal for goal in goals if goal.campaign_id in touched.campaigns]
        self._reach(changed, here, None)
        if touched.campaigns:
            self._bury("reach_row", here, "campaign_id", sorted(touched.campaigns))
        clusters = self._clusters(touched.workspace, touched.goals) | regrouped
        if goals and pairs.num_rows:
            clusters |= self._clusters_of_messages(here, pairs)
        if not goals or not clusters:
            return
        members = members_of(self._columns, touched.workspace, self._generation, clusters)
        self._reach(goals, here, names_table(name=sorted(members)))
        self._bury("reach_row", here, "cluster", sorted(clusters))

    def _reach(self, goals: Sequence[Goal], here: Parameters, people: pa.Table | None) -> None:
        limits = (
            (f"cluster {_IN_GIVEN}", f"person {_IN_GIVEN}") if people is not None else ("1", "1")
        )
        for start in range(0, len(goals), _GOALS_AT_ONCE):
            some = goals[start : start + _GOALS_AT_ONCE]
            self._insert("reach_row", reach_sql(some, _MESSAGES, *limits, "1"), here, people)

    def _clusters_of_messages(self, here: Parameters, pairs: pa.Table) -> set[str]:
        found = self._columns.query(
            "SELECT DISTINCT cluster FROM message_row FINAL WHERE generation = {generation:UInt32} "
            "AND workspace = {workspace:String} AND message_id IN (SELECT message_id FROM $given)",
            {name: here[name] for name in ("workspace", "generation")},
            pairs,
        )
        return set(found.column("cluster").to_pylist())

    def _clusters(self, workspace: str, subjects: set[str]) -> set[str]:
        return clusters_of(self._columns, workspace, self._generation, subjects)

    def _bury(self, table: str, here: Parameters, column: str, among: Sequence[str]) -> None:
        """Mark as deleted what an increment was about and no longer found."""
        columns = [name for name in ENTITY_COLUMNS[table] if name not in ENTITY_KEYS[table]]
        kept = ", ".join((*ENTITY_KEYS[table], *columns))
        self._columns.run(
            f"INSERT INTO {table} (generation, workspace, {kept}, version, deleted) "
            f"SELECT generation, workspace, {kept}, {{version:UInt64}}, true FROM {table} FINAL "
            "WHERE generation = {generation:UInt32} AND workspace = {workspace:String} "
            f"AND NOT deleted AND version < {{version:UInt64}} AND {column} {_IN_GIVEN}",
            here,
            names_table(name=list(among)),
        )

    def _insert(self, table: str, sql: str, here: Parameters, given: pa.Table | None) -> None:
        text = _inserting(table, sql, f"SETTINGS {_UNIQUE}")
        self._columns.run(text, here, given)

    def _here(self, workspace: str) -> dict[str, str | int]:
        return {**self._scope(workspace), "version": self._version}

    def _scope(self, workspace: str) -> dict[str, str | int]:
        return {"workspace": workspace, "generation": self._generation}


def _inserting(table: str, sql: str, settings: str = _ALONE) -> str:
    names = ", ".join(("generation", "workspace", *ENTITY_COLUMNS[table], "version", "deleted"))
    return f"INSERT INTO {table} ({names}) {settings} SELECT {names} FROM ({sql})"
