"""The sink of columns: journal, copies, verdicts and entity rows, exactly once in effect.

ClickHouse commits each insert by itself, so a step is written in stages: the *intent* in SQL, with
exact bounds and a token; the inserts under that token; the derived events, in SQL, with the intent
marked *concluded*; rows that are functions of what is there by then; and last the cursor. A step
found open on start is done again with exactly its bounds: every stage then changes nothing that it
had done before. Nothing is ever inferred from the largest stored offset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import sqlalchemy as sa

from events.compose import Composer, Draft
from events.cursor import Cursor
from events.log import EventLog
from projections.columns.arrow import to_table
from projections.columns.copies import Copy, copies_after, copy_tables, forget_copies
from projections.columns.journaling import Journaling
from projections.columns.scope import scope_of
from projections.columns.touched import touched_by
from projections.dead_letters import bury
from projections.entities.goals import GoalBook
from projections.entities.refresh import Entities
from projections.judgements.projection import Judgements
from projections.outbox import put
from projections.page import Failure, Page, read_page, read_range
from projections.progress import cursor_of, set_cursor
from projections.stores.columns import Columns
from projections.stores.rows import INTENT, SHIPPED, reading
from projections.stores.tables import JUDGEMENT_COLUMNS

NAME = "columns"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a step is about to write: exact bounds, and the token they give."""

    start: Cursor
    end: Cursor
    copies_after: int
    copies_until: int
    concluded: bool = False

    @property
    def token(self) -> str:
        """Names exactly this range, so that a second insert of it is recognised."""
        bounds = (
            f"{self.start.encode()} {self.end.encode()} {self.copies_after} {self.copies_until}"
        )
        return hashlib.sha256(bounds.encode()).hexdigest()[:32]

    @property
    def version(self) -> int:
        """The version of rows this step writes: grows with every step."""
        return _version(self.end, self.copies_until)


class ColumnsSink:
    """Applies steps to one generation of the column store."""

    def __init__(
        self, rows: sa.Engine, columns: Columns, log: EventLog, composer: Composer, generation: int
    ) -> None:
        self._rows = rows
        self._columns = columns = columns.small()
        self._log = log
        self._composer = composer
        self._generation = generation
        self._journaling = Journaling(columns)
        self._goals = GoalBook(columns, generation)

    def cursor(self) -> Cursor:
        """Where the sink stands."""
        with reading(self._rows).begin() as connection:
            return cursor_of(connection, NAME, self._generation)

    def version(self) -> int:
        """The version of the last finished step: while it stays, so do the tables, but for a step
        under way.
        """
        with reading(self._rows).begin() as connection:
            cursor = cursor_of(connection, NAME, self._generation)
            return _version(cursor, self._shipped(connection))

    def resume(self) -> bool:
        """Do an open step again; answers whether there was one. To be called first, on start."""
        with reading(self._rows).begin() as connection:
            row = connection.execute(
                sa.select(INTENT).where(
                    INTENT.c.sink == NAME, INTENT.c.generation == self._generation
                )
            ).one_or_none()
        if row is None:
            return False
        self._perform(
            Intent(Cursor.decode(row.start), Cursor.decode(row.finish), row.copies_after,
                   row.copies_until, row.concluded)
        )  # fmt: skip
        return True

    def step(self, limit: int, until: Cursor | None = None) -> bool:
        """Apply what comes next; answers whether there was anything."""
        with reading(self._rows).begin() as connection:
            start = cursor_of(connection, NAME, self._generation)
            shipped = self._shipped(connection)
            copies = copies_after(connection, self._generation, shipped, limit)
        page = read_page(self._log, start, limit, until)
        if page.start == page.end and not copies:
            return False
        intent = Intent(start, page.end, shipped, copies[-1].seq if copies else shipped)
        self._declare(intent)
        self._write(intent, page, copies)
        return True

    def _perform(self, intent: Intent) -> None:
        """Do a declared step from its bounds alone."""
        with reading(self._rows).begin() as connection:
            count = intent.copies_until - intent.copies_after
            copies = copies_after(
                connection, self._generation, intent.copies_after, count + 1, intent.copies_until
            )
        self._write(intent, read_range(self._log, intent.start, intent.end), copies)

    def _write(self, intent: Intent, page: Page, copies: Sequence[Copy]) -> None:
        rows = self._journaling.write(page, intent.token)
        for name, table in copy_tables(copies, self._generation).items():
            self._columns.insert(f"{name}_copy", table, intent.token)
        if any(copy.table == "campaign" for copy in copies):
            self._goals.forget()
        touched = touched_by(rows.rows, copies, self._goals.types)
        scopes = [scope_of(one, self._columns, self._generation) for one in touched]
        drafts = list(rows.conflicts)
        judged = [to_table(JUDGEMENT_COLUMNS, [])]
        for scope in scopes:
            judgements = Judgements(self._columns, scope.workspace, self._generation)
            table, some = judgements.judge_touched(scope, intent.version)
            judged.append(table)
            drafts += some
        self._conclude(intent, [*page.failures, *rows.failures], drafts, page.recorded_at)
        self._columns.insert("judgement", pa.concat_tables(judged), intent.token)
        entities = Entities(self._columns, self._generation, intent.version)
        for scope in scopes:
            entities.refresh(scope, self._goals.of(scope.workspace))
        self._finish(intent)

    # The stages that lie in SQL

    def _declare(self, intent: Intent) -> None:
        with self._rows.begin() as connection:
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
        if intent.concluded or not (drafts or failures):
            return
        with self._rows.begin() as connection:
            put(connection, self._composer, drafts)
            bury(connection, NAME, failures, now)
            connection.execute(INTENT.update().where(*self._mine(INTENT)).values(concluded=True))

    def _finish(self, intent: Intent) -> None:
        with self._rows.begin() as connection:
            connection.execute(INTENT.delete().where(*self._mine(INTENT)))
            set_cursor(connection, NAME, self._generation, intent.end)
            connection.execute(SHIPPED.delete().where(*self._mine(SHIPPED)))
            connection.execute(
                SHIPPED.insert(),
                {"sink": NAME, "generation": self._generation, "seq": intent.copies_until},
            )
            forget_copies(connection, self._generation, intent.copies_until)

    def _shipped(self, connection: sa.Connection) -> int:
        found = connection.execute(sa.select(SHIPPED.c.seq).where(*self._mine(SHIPPED)))
        return found.scalar_one_or_none() or 0

    def _mine(self, table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.sink == NAME, table.c.generation == self._generation)


def _version(cursor: Cursor, copies: int) -> int:
    return cursor.total + copies
