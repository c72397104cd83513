"""Makes the views, and points them to the generation that readers see."""

from __future__ import annotations

from projections.bi.dimensions import ACTIVITY, CAMPAIGN, DATE, FRESHNESS
from projections.bi.facts import HOURLY, INTERACTION, RESPONSE
from projections.stores.columns import Columns

# In this order: the hours are made of the interactions.
VIEWS = (INTERACTION, HOURLY, RESPONSE, CAMPAIGN, ACTIVITY, DATE, FRESHNESS)
_POINTER = (
    "CREATE TABLE IF NOT EXISTS pointer (set LowCardinality(String), generation UInt32, "
    "at DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY (set, at)"
)
_POINTED = "SELECT argMax(generation, at) AS generation FROM pointer WHERE set = 'main'"


def bi_database(columns: Columns) -> str:
    """What the database of the views is called: ``bi``, unless the tables have a name of theirs."""
    return "bi" if columns.database == "answerback" else f"{columns.database}_bi"


def create_views(columns: Columns, generation: int) -> None:
    """Make all views anew; who reads one meanwhile sees the old or the new one."""
    columns.run(_POINTER)
    point(columns, generation)
    bi = bi_database(columns)
    columns.run(f"CREATE DATABASE IF NOT EXISTS {bi} ENGINE = Atomic")
    for view in VIEWS:
        columns.run(view.statement(bi, columns.database))


def point(columns: Columns, generation: int) -> None:
    """Have every view show a generation, from one statement to the next."""
    (found,) = columns.query(_POINTED).to_pylist()
    if found["generation"] != generation:
        columns.run(
            "INSERT INTO pointer SELECT 'main', {generation:UInt32}, now64(6, 'UTC')",
            {"generation": generation},
        )
