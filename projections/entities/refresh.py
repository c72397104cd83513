"""Computes the touched entities of a page anew, or all of them, by the texts of this folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

import pyarrow as pa

from projections.columns.arrow import names_table
from projections.columns.pairs import pairs_table
from projections.columns.scope import Scope
from projections.entities.forms import FORMS, forms_sql
from projections.entities.goals import goals_of
from projections.entities.messages import clusters_sql, messages_sql
from projections.entities.notices import (
    FRESH,
    NOTICE_COLUMNS,
    PERSONS_GIVEN,
    notices_given,
    notices_of_range,
    strays_of_range,
)
from projections.entities.order import EVERYONE
from projections.entities.ranges import message_ranges, stray_ranges
from projections.entities.reach import Goal, reach_sql
from projections.predicates import quote
from projections.stores.columns import Columns, Parameters
from projections.stores.tables import (
    BELONGS,
    ENTITY_COLUMNS,
    ENTITY_KEYS,
    LAY_OUT_BELONGS,
    latest_entity,
)

VERSION = 1
"""Of the texts of this folder: a greater one gives other rows from the same journal."""
_IN_GIVEN = "IN (SELECT name FROM $given)"
_SUBJECTS = f"subject {_IN_GIVEN}"
_MESSAGES = latest_entity("message_row")
# Rows of one statement differ in their keys, so a block need not be merged before it is written:
# that took twice the time of the writing.
_UNIQUE = "optimize_on_insert = 0"
# Two levels of a hash table are for threads that merge theirs. One thread alone only pays for them.
_ONE_LEVEL = "group_by_two_level_threshold = 0, group_by_two_level_threshold_bytes = 0"
_ALONE = f"SETTINGS max_threads = 1, max_insert_threads = 1, {_ONE_LEVEL}, {_UNIQUE}"
_GOALS_AT_ONCE = 50  # each adds its text to the query, and the engine bounds a query's size


class Entities:
    """The entity rows of one generation, as of one version."""

    def __init__(self, columns: Columns, generation: int, version: int) -> None:
        self._columns = columns
        self._generation = generation
        self._version = version

    def refresh(self, scope: Scope, goals: Sequence[Goal]) -> None:
        """Compute what a page touches: messages first, since goals are reached by messages."""
        here = self._here(scope.workspace)
        messages = pairs_table(scope.pairs)
        ask = bool(scope.pairs and goals)
        left = self._clusters_of_messages(here, messages) if ask else set()
        if scope.pairs:
            text = messages_sql(notices_given(), clusters_sql(PERSONS_GIVEN))
            self._insert("message_row", text, here, messages)
            if scope.is_undone:
                gone = sorted({message for _, message in scope.pairs})
                self._bury("message_row", here, "message_id", gone)
        if scope.form_clusters:
            self._forms(here, scope)
        joined = self._clusters_of_messages(here, messages) if ask else set()
        self._goals(here, scope, goals, scope.goal_clusters | left | joined)

    def rebuild(self, workspace: str, pool: Executor) -> None:
        """Compute all entities of a workspace, of which there are none yet in this generation."""
        here = self._here(workspace)
        text = forms_sql(EVERYONE, "1", judged=FRESH)
        forms = pool.submit(self._insert, "form_row", text, here, None)
        with self._clusters_at_hand(here):
            self._messages(here, pool)
        forms.result()
        self._reach(goals_of(self._columns, self._generation, workspace), here, None)

    def _messages(self, here: Parameters, pool: Executor) -> None:
        self._lay_out_strays(here, pool)
        text = messages_sql(notices_of_range(), BELONGS)
        ranges = message_ranges(self._columns, str(here["workspace"]))
        self._beside(pool, _inserting("message_row", text), here, ranges)
        self._columns.run(f"ALTER TABLE stray DROP PARTITION {self._generation}")

    @contextmanager
    def _clusters_at_hand(self, here: Parameters) -> Iterator[None]:
        """Hold in memory who belongs to whom, some 100 bytes for each subject that does.

        Finding the clusters of each range by themselves was a third of the rebuild's time.
        """
        self._columns.run(LAY_OUT_BELONGS)
        try:
            self._columns.run(f"INSERT INTO {BELONGS} SELECT * FROM {clusters_sql()}", here)
            yield
        finally:
            self._columns.run(f"DROP TABLE {BELONGS} SYNC")

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

    def _forms(self, here: Parameters, scope: Scope) -> None:
        given = names_table(name=sorted(scope.people.members(scope.form_clusters)))
        if not (scope.is_undone or self._has_happened(here, FORMS, given)):
            return
        text = forms_sql(f"j.person {_IN_GIVEN}", f"cluster {_IN_GIVEN}", whose=_SUBJECTS)
        self._insert("form_row", text, here, given)
        self._bury("form_row", here, "cluster", sorted(scope.form_clusters))

    def _goals(
        self, here: Parameters, scope: Scope, goals: Sequence[Goal], clusters: set[str]
    ) -> None:
        """Goals reached by touched people, and by anyone in a campaign that was changed."""
        changed = [goal for goal in goals if goal.campaign_id in scope.campaigns]
        self._reach(changed, here, None)
        if scope.campaigns:
            self._bury("reach_row", here, "campaign_id", sorted(scope.campaigns))
        if goals and clusters:
            given = names_table(name=sorted(scope.people.members(clusters)))
            types = sorted({goal.event.type for goal in goals})
            if scope.is_undone or self._has_happened(here, types, given):
                self._reach(goals, here, given)
                self._bury("reach_row", here, "cluster", sorted(clusters))

    def _reach(self, goals: Sequence[Goal], here: Parameters, people: pa.Table | None) -> None:
        limits = (
            ("1", "1", "1", "1") if people is None
            else (f"cluster {_IN_GIVEN}", f"person {_IN_GIVEN}", "1", _SUBJECTS)
        )  # fmt: skip
        for start in range(0, len(goals), _GOALS_AT_ONCE):
            some = goals[start : start + _GOALS_AT_ONCE]
            self._insert("reach_row", reach_sql(some, _MESSAGES, *limits), here, people)

    def _has_happened(self, here: Parameters, types: Sequence[str], people: pa.Table) -> bool:
        """Whether any of these people did what rows follow from; if not, and nothing was undone,
        there are none to write or to bury.
        """
        quoted = ", ".join(map(quote, types))
        found = self._columns.query(
            "SELECT 1 FROM journal_by_person WHERE workspace = {workspace:String} "
            f"AND person {_IN_GIVEN} AND type IN ({quoted}) LIMIT 1",
            {"workspace": here["workspace"]},
            people,
        )
        return bool(found.num_rows)

    def _clusters_of_messages(self, here: Parameters, pairs: pa.Table) -> set[str]:
        found = self._columns.query(
            "SELECT DISTINCT cluster FROM message_row FINAL WHERE generation = {generation:UInt32} "
            "AND workspace = {workspace:String} AND message_id IN (SELECT message_id FROM $given)",
            {name: here[name] for name in ("workspace", "generation")},
            pairs,
        )
        return set(found.column("cluster").to_pylist())

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
