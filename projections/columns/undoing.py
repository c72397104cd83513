"""Takes the facts of undone batches out of the journal (R31), into a table of their own.

So no text that reads the journal needs to know of them. What was known earlier is read from both
tables, and so is what the log was.

Whoever journals a fact asks afterwards whether its batch is undone: so either the decision finds
the fact, or the fact the decision. Facts are moved in the turn of their workspace, copied before
they are deleted, and none that has been copied: so all of it may be done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from projections.columns.arrow import names_table
from projections.columns.journal import NO_ID
from projections.columns.journaling import Journaled
from projections.columns.later_copies import LaterCopies
from projections.stores.columns import Columns
from projections.stores.tables import (
    GIVES_PAIR,
    JOURNAL_COLUMNS,
    JUDGEMENT_COLUMNS,
    UNDONE_ID,
)

_OF_BATCH = (
    "workspace = {workspace:String} AND batch_id = toUUID({batch:String}) AND log_topic = 'facts'"
)
_UNDONE = (
    f"SELECT DISTINCT workspace, toString({UNDONE_ID}) AS batch FROM journal "
    "WHERE workspace IN (SELECT name FROM $given) AND type = 'batch.undone'"
)
_NAMES = ", ".join(JOURNAL_COLUMNS)
_IDS = f"SELECT event_id FROM journal_undone WHERE {_OF_BATCH}"
_COPY = (
    f"INSERT INTO journal_undone ({_NAMES}) SELECT {_NAMES} FROM journal "
    f"WHERE {_OF_BATCH} AND event_id NOT IN ({_IDS})"
)
_SENT = f"workspace = {{workspace:String}} AND {GIVES_PAIR}"
_DELETIONS = (
    f"DELETE FROM journal_by_message WHERE {_OF_BATCH}",
    f"DELETE FROM journal_by_person WHERE {_OF_BATCH}",
    # A pair that a fact which counts gives too stays.
    "DELETE FROM provider_message WHERE workspace = {workspace:String} "
    "AND (provider_ref, message_id) IN (SELECT provider_ref, message_id FROM journal_undone "
    f"WHERE {_OF_BATCH}) AND (provider_ref, message_id) NOT IN ("
    f"SELECT provider_ref, message_id FROM journal_by_message WHERE {_SENT})",
    f"DELETE FROM journal WHERE {_OF_BATCH}",
)
_TOLD = ", ".join(JUDGEMENT_COLUMNS)
# A verdict that is gone keeps its number, which is part of the ids of its events: were the hit to
# come again, the next verdict would be taken for the one before.
_NO_VERDICT = (
    f"INSERT INTO judgement ({_TOLD}) SELECT {_TOLD} FROM (SELECT * REPLACE ("
    "'unjudged' AS verdict, [] AS reasons, [] AS flags, [] AS turns_at, [] AS turns_to, "
    "{version:UInt64} AS version) FROM (SELECT * FROM judgement FINAL "
    "WHERE generation = {generation:UInt32} "
    "AND workspace = {workspace:String} AND verdict != 'unjudged' "
    f"AND event_id IN ({_IDS}) AND event_id NOT IN (SELECT event_id FROM journal "
    f"WHERE workspace = {{workspace:String}} AND event_id IN ({_IDS}))))"
)
_TOUCHING = "workspace, type, person, message_key, toString(event_id) AS event_id"
_FACTS = (
    f"SELECT {_TOUCHING} FROM journal_undone WHERE {_OF_BATCH} "
    f"UNION ALL SELECT {_TOUCHING} FROM journal WHERE workspace = {{workspace:String}} "
    f"AND event_id IN ({_IDS})"
)

Batch = tuple[str, str]  # workspace, id
Row = Mapping[str, Any]


class Undoing:
    """Moves the facts of batches within one column store."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._later = LaterCopies(columns)

    def after(self, journaled: Journaled, token: str) -> list[Row]:
        """Take out what a page undoes, and what of it is undone, and let later copies stand.

        Answers the facts that count no more by its decisions, and the copies that may stand, as
        far as ``touched_by`` reads them.
        """
        decided = _decisions(journaled)
        came = _batches(journaled.rows)
        undone = self._undone({workspace for workspace, _ in came} | _workspaces(journaled.again))
        for batch in sorted(decided | (came & undone)):
            self._move(batch)
        workspaces = {workspace for workspace, _ in decided | undone}
        again = [row for row in journaled.again if row["workspace"] in workspaces]
        for workspace in sorted({workspace for workspace, _ in decided} | _workspaces(again)):
            self._later.let_stand(workspace, token)
        return [*again, *(row for batch in sorted(decided) for row in self._facts(batch))]

    def unjudge(self, journaled: Journaled, generation: int, versions: Mapping[str, int]) -> None:
        """Take the verdicts back on hits that a page undoes; ``versions`` are of workspaces."""
        for batch in sorted(_decisions(journaled)):
            bounds = {"generation": generation, "version": versions[batch[0]]}
            self._columns.run(_NO_VERDICT, {**_here(batch), **bounds})

    def _move(self, batch: Batch) -> None:
        here = _here(batch)
        self._columns.run(_COPY, here)
        for text in _DELETIONS:
            self._columns.run(text, here)

    def _facts(self, batch: Batch) -> list[Row]:
        found: list[Row] = self._columns.query(_FACTS, _here(batch)).to_pylist()
        return found

    def _undone(self, workspaces: set[str]) -> set[Batch]:
        """The batches of these workspaces that are undone."""
        if not workspaces:
            return set()
        given = names_table(name=sorted(workspaces))
        found = self._columns.query(_UNDONE, None, given).to_pylist()
        return {(row["workspace"], row["batch"]) for row in found}


def _workspaces(rows: Sequence[Row]) -> set[str]:
    return {row["workspace"] for row in rows}


def _batches(rows: Sequence[Row]) -> set[Batch]:
    """The batches that facts of a page came with."""
    none = str(NO_ID)
    return {
        (row["workspace"], row["batch_id"])
        for row in rows
        if row["batch_id"] != none and row["log_topic"] == "facts"
    }


def _decisions(journaled: Journaled) -> set[Batch]:
    """The batches that a page undoes."""
    rows = [row for row in journaled.rows if row["type"] == "batch.undone"]
    return {(row["workspace"], batch) for row in rows if (batch := _named(row)) is not None}


def _named(row: Row) -> str | None:
    """The batch that a decision names; the sink of rows tells of one that cannot be read."""
    try:
        return str(UUID(orjson.loads(row["data"])["batch_id"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _here(batch: Batch) -> dict[str, str | int]:
    return {"workspace": batch[0], "batch": batch[1]}
