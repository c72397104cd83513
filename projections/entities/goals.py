"""The goals of campaigns, as the copies of campaigns say."""

from __future__ import annotations

import orjson

from projections.entities.reach import Goal
from projections.stores.columns import Columns
from projections.stores.tables import latest_copy
from schemas.decisions.campaign import GoalEvent


def goals_of(columns: Columns, generation: int, workspace: str) -> list[Goal]:
    """The goals of a workspace's campaigns."""
    rows = columns.query(
        "SELECT id, goal_event, goal_months, goal_days, goal_seconds "
        f"FROM {latest_copy('campaign')} WHERE goal_event != '' ORDER BY id",
        {"workspace": workspace, "generation": generation},
    ).to_pylist()
    return [
        Goal(row["id"], GoalEvent.model_validate(orjson.loads(row["goal_event"])),
             row["goal_months"], row["goal_days"], row["goal_seconds"])
        for row in rows
    ]  # fmt: skip


class GoalBook:
    """The goals of every workspace, asked for once until campaigns change."""

    def __init__(self, columns: Columns, generation: int) -> None:
        self._columns = columns
        self._generation = generation
        self._known: dict[str, list[Goal]] = {}

    def of(self, workspace: str) -> list[Goal]:
        """The goals of a workspace's campaigns."""
        if workspace not in self._known:
            self._known[workspace] = goals_of(self._columns, self._generation, workspace)
        return self._known[workspace]

    def types(self, workspace: str) -> frozenset[str]:
        """The event types that any of them reads."""
        return frozenset(goal.event.type for goal in self.of(workspace))

    def forget(self) -> None:
        """Campaigns have changed."""
        self._known.clear()
