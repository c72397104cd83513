"""The sink of columns: journal, copies, verdicts and entity rows, exactly once in effect.

ClickHouse commits each insert by itself, so a step is written in stages: the *intent* in SQL, with
exact bounds and a token; the inserts under that token; the derived events, in SQL, with the intent
marked *concluded*; rows that are functions of what is there by then; and last the cursor. A step
found open on start is done again with exactly its bounds: every stage then changes nothing that it
had done before. Nothing is ever inferred from the largest stored offset.

Where workers share the sink, whoever takes over a place finishes its open steps first; that their
worker may be at them still harms nothing, since all stages may be done twice, also at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from events.compose import Composer, Draft
from events.cursor import Cursor
from events.log import EventLog
from events.sql.bulk import insert_rows
from events.sql.outbox import put
from events.sql.tables import reading
from projections.columns.arrow import to_table
from projections.columns.copies import Copy, copies_after, copy_tables, forget_copies
from projections.columns.journaling import Journaled, Journaling
from projections.columns.scope import Scope, scope_of
from projections.columns.touched import Touched, touched_by
from projections.columns.undoing import Undoing
from projections.dead_letters import bury, solve
from projections.entities.goals import GoalBook
from projections.entities.refresh import Entities
from projections.judgements.classifiers import Classifiers
from projections.judgements.projection import PROCESSOR as JUDGES
from projections.judgements.projection import Judgements
from projections.page import Failure, Page, read_one, read_page, read_range
from projections.progress import check_epochs, cursor_of, move_cursor
from projections.stores.columns import Columns
from projections.stores.rows import INTENT, SHIPPED
from projections.stores.tables import JUDGEMENT_COLUMNS
from projections.tenure import COPIES, Tenure, Whole, epochs_of
from projections.turns import numbered_turns
from schemas.envelope import Position

NAME = "columns"
_UNDONE_AT_ONCE = 5000  # facts whose entities are computed together
_FIRST = 1  # its tokens, which stores have seen, name no generation


@dataclass(frozen=True, slots=True)
class Intent:
    """What a step is about to write: exact bounds, and the token they give."""

    start: Cursor
    end: Cursor
    copies_after: int
    copies_until: int
    generation: int
    retried: Position | None = None

    @property
    def token(self) -> str:
        """Names exactly this range, so that a second insert of it is recognised."""
        bounds = (
            f"{self.start.encode()} {self.end.encode()} {self.copies_after} {self.copies_until}"
        )
        if self.retried is not None:
            bounds = f"retry {' '.join(map(str, self.retried))}"
        if self.generation > _FIRST:
            bounds = f"{self.generation} {bounds}"
        return hashlib.sha256(bounds.encode()).hexdigest()[:32]

    @property
    def least_version(self) -> int:
        """The least version of rows this step writes."""
        return _version(self.end, self.copies_until)

    @property
    def ships(self) -> bool:
        """Whether it has copies of rows to ship."""
        return self.copies_until > self.copies_after


class ColumnsSink:
    """Applies steps to one generation of the column store."""

    def __init__(
        self,
        rows: sa.Engine,
        columns: Columns,
        log: EventLog,
        composer: Composer,
        generation: int,
        classifiers: Classifiers,
        feed: EventLog | None = None,
        tenure: Tenure | None = None,
        *,
        publishes: bool = True,
    ) -> None:
        """Pages come from ``feed``, which has no more than the places of ``tenure``.

        ``publishes`` is off beside the live generation, whose sink has concluded the same.
        """
        self._rows = rows
        self._columns = columns = columns.small()
        self._log = log
        self._feed = feed or log
        self._tenure = tenure or Whole()
        self._composer = composer
        self._generation = generation
        self._classifiers = classifiers
        self.publishes = publishes
        self.tells: Callable[[str], bool] = _nowhere
        """In which workspaces it tells verdicts though it does not publish."""
        self._journaling = Journaling(columns)
        self._undoing = Undoing(columns)
        self._goals = GoalBook(columns, generation)

    def cursor(self) -> Cursor:
        """Where the sink stands."""
        with reading(self._rows).begin() as connection:
            return cursor_of(connection, NAME, self._generation)

    def resume(self) -> bool:
        """Do open steps again; answers whether there was one. To be called first, on start."""
        with reading(self._rows).begin() as connection:
            mine = (INTENT.c.sink == NAME, INTENT.c.generation == self._generation)
            found = connection.execute(sa.select(INTENT).where(*mine)).all()
        # A retry that was broken off has no bounds: its letter waits to be retried again.
        open_steps = [step for step in map(_intent, found) if self._is_ours(step)]
        for step in open_steps:
            self._perform(step)
        return bool(open_steps)

    def step(self, limit: int, until: Cursor | None = None) -> bool:
        """Apply what comes next; answers whether there was anything."""
        with reading(self._rows).begin() as connection:
            start = cursor_of(connection, NAME, self._generation)
            shipped = _shipped(connection, self._generation)
            copies = self._copies_after(connection, shipped, limit)
        page = read_page(self._feed, start, limit, until)
        if page.start == page.end and not copies:
            self._columns.settle()  # the store also writes by itself, what it merges
            return False
        until_copy = copies[-1].seq if copies else shipped
        intent = Intent(start, page.end, shipped, until_copy, self._generation)
        self._declare(intent)
        self._write(intent, page, copies)
        return True

    def retry(self, position: Position) -> None:
        """Apply an event that is a dead letter once more; it stays one if that fails again."""
        with self._rows.begin() as connection:
            here = cursor_of(connection, NAME, self._generation)
            shipped = _shipped(connection, self._generation)
            intent = Intent(here, here, shipped, shipped, self._generation, position)
            connection.execute(INTENT.delete().where(*self._this(intent)))
        page = read_one(self._log, position, here)
        self._declare(intent)
        if not self._write(intent, page, ()):
            with self._rows.begin() as connection:
                solve(connection, NAME, position)

    def _copies_after(self, connection: sa.Connection, shipped: int, limit: int) -> list[Copy]:
        if not self._tenure.ships_copies:
            return []
        return copies_after(connection, self._generation, shipped, limit)

    def _is_ours(self, intent: Intent) -> bool:
        moved = Cursor({p: o for p, o in intent.end.items() if o != intent.start[p]})
        return self._tenure.holds_any(moved) or (intent.ships and self._tenure.ships_copies)

    def _perform(self, intent: Intent) -> None:
        """Do a declared step from its bounds alone."""
        with reading(self._rows).begin() as connection:
            count = intent.copies_until - intent.copies_after
            copies = copies_after(
                connection, self._generation, intent.copies_after, count + 1, intent.copies_until
            )
        self._write(intent, read_range(self._log, intent.start, intent.end), copies)

    def _write(self, intent: Intent, page: Page, copies: Sequence[Copy]) -> list[Failure]:
        """All stages of a step; answers what could not be applied."""
        with self._columns.lasting():
            rows = self._journaling.write(page, intent.token)
            for name, table in copy_tables(copies, self._generation).items():
                self._columns.insert(f"{name}_copy", table, intent.token)
            if any(copy.table == "campaign" for copy in copies):
                self._goals.forget()
            failures = [*page.failures, *rows.failures]
            self._derive(intent, rows, copies, failures, page.recorded_at)
        self._finish(intent)
        return failures

    def _derive(
        self,
        intent: Intent,
        journaled: Journaled,
        copies: Sequence[Copy],
        failures: Sequence[Failure],
        now: int,
    ) -> None:
        """Write what follows from what is journaled by now."""
        touched = touched_by(journaled.rows, copies, self._goals.types)
        workspaces = {one.workspace for one in touched}
        workspaces |= {row["workspace"] for row in journaled.again}
        least = intent.least_version
        with numbered_turns(self._rows, NAME, self._generation, workspaces, least) as numbers:
            touched += self._undo(journaled, intent.token)
            self._undoing.unjudge(journaled, self._generation, numbers)
            scopes = self._scopes(touched)
            judged, drafts = self._judge(scopes, numbers)
            self._conclude(intent, failures, [*journaled.conflicts, *drafts], now)
            self._columns.insert("judgement", judged, intent.token)
            self._refresh(scopes, numbers)

    def again(self, facts: Sequence[Mapping[str, Any]]) -> int:
        """Derive anew all that facts touch that were journaled before.

        ``touched_by`` says what is read of them. Answers how many verdicts became others. It may be
        done again; no step may be open.
        """
        touched = touched_by(facts, (), self._goals.types)
        with reading(self._rows).begin() as connection:
            least = columns_version(connection, self._generation)
        workspaces = [one.workspace for one in touched]
        turns = numbered_turns(self._rows, NAME, self._generation, workspaces, least)
        with self._columns.lasting(), turns as numbers:
            scopes = self._scopes(touched)
            judged, drafts = self._judge(scopes, numbers)
            if said := self._said(drafts):
                with self._rows.begin() as connection:
                    put(connection, self._composer.records(said))
            self._columns.insert("judgement", judged)
            self._refresh(scopes, numbers)
        return int(judged.num_rows)

    def _scopes(self, touched: Sequence[Touched]) -> list[Scope]:
        return [scope_of(one, self._columns, self._generation) for one in touched]

    def _judge(
        self, scopes: Sequence[Scope], numbers: Mapping[str, int]
    ) -> tuple[pa.Table, list[Draft]]:
        """The verdicts that are others by now, and the events that tell of them."""
        tables = [to_table(JUDGEMENT_COLUMNS, [])]
        drafts: list[Draft] = []
        for scope in scopes:
            judgements = Judgements(
                self._columns, scope.workspace, self._generation, self._classifiers
            )
            table, some = judgements.judge_touched(scope, numbers[scope.workspace])
            tables.append(table)
            drafts += some
        return pa.concat_tables(tables), drafts

    def _refresh(self, scopes: Sequence[Scope], numbers: Mapping[str, int]) -> None:
        for scope in scopes:
            entities = Entities(self._columns, self._generation, numbers[scope.workspace])
            entities.refresh(scope, self._goals.of(scope.workspace))

    def _undo(self, journaled: Journaled, token: str) -> list[Touched]:
        """Take undone facts out of the journal; answers what they touch, a part at a time."""
        facts = self._undoing.after(journaled, token)
        touched: list[Touched] = []
        for start in range(0, len(facts), _UNDONE_AT_ONCE):
            some = facts[start : start + _UNDONE_AT_ONCE]
            touched += touched_by(some, (), self._goals.types)
        for one in touched:
            one.is_undone = True
        return touched

    # The stages that lie in SQL

    def _declare(self, intent: Intent) -> None:
        epochs = epochs_of(self._tenure, intent.start, intent.end)
        if intent.ships:
            epochs[COPIES] = self._tenure.epoch(COPIES) or 0
        with self._rows.begin() as connection:
            check_epochs(connection, NAME, self._generation, intent.start, epochs)
            connection.execute(
                INTENT.insert(),
                {
                    "sink": NAME,
                    "generation": self._generation,
                    "token": intent.token,
                    "start": intent.start.encode(),
                    "finish": intent.end.encode(),
                    "copies_after": intent.copies_after,
                    "copies_until": intent.copies_until,
                    "concluded": False,
                },
            )

    def _conclude(
        self, intent: Intent, failures: Sequence[Failure], drafts: Sequence[Draft], now: int
    ) -> None:
        """Store the derived events once, before the rows that would hide them."""
        said, failures = self._said(drafts), failures if self.publishes else ()
        if not (said or failures):
            return
        open_one = (*self._this(intent), ~INTENT.c.concluded)
        with self._rows.begin() as connection:
            concluded = INTENT.update().where(*open_one).values(concluded=True)
            if connection.execute(concluded).rowcount:
                put(connection, self._composer.records(said))
                bury(connection, NAME, failures, now)

    def _said(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        if self.publishes:
            return drafts
        return [one for one in drafts if one.producer == JUDGES and self.tells(one.workspace)]

    def _finish(self, intent: Intent) -> None:
        with self._rows.begin() as connection:
            if not connection.execute(INTENT.delete().where(*self._this(intent))).rowcount:
                return  # another worker has done the same step to its end
            move_cursor(connection, NAME, self._generation, intent.start, intent.end)
            if intent.ships:
                seq = intent.copies_until
                insert_rows(connection, SHIPPED, [(NAME, self._generation, seq)], "replace")
                forget_copies(connection, self._generation, seq)

    def _this(self, intent: Intent) -> tuple[sa.ColumnElement[bool], ...]:
        return (*self._mine(INTENT), INTENT.c.token == intent.token)

    def _mine(self, table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.sink == NAME, table.c.generation == self._generation)


def _nowhere(workspace: str) -> bool:
    return False


def columns_version(connection: sa.Connection, generation: int) -> int:
    """The version of the last finished step: while it stays, so do the tables, but for a step under
    way.
    """
    return _version(cursor_of(connection, NAME, generation), _shipped(connection, generation))


def _shipped(connection: sa.Connection, generation: int) -> int:
    mine = (SHIPPED.c.sink == NAME, SHIPPED.c.generation == generation)
    return connection.execute(sa.select(SHIPPED.c.seq).where(*mine)).scalar_one_or_none() or 0


def _intent(row: Any) -> Intent:
    return Intent(
        Cursor.decode(row.start), Cursor.decode(row.finish), row.copies_after, row.copies_until,
        row.generation,
    )  # fmt: skip


def _version(cursor: Cursor, copies: int) -> int:
    return cursor.total + copies
