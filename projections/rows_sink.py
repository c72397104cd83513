"""The sink of row read models: a page, its derived events and its cursor are one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from events.compose import Composer
from events.cursor import Cursor
from events.log import EventLog
from events.sql.outbox import put
from events.sql.tables import reading
from projections.columns.copies import put_copies
from projections.dead_letters import bury, solve
from projections.folds.fold import Fold
from projections.folds.folding import Folding
from projections.folds.met import Met
from projections.folds.reference import ReferenceBook
from projections.folds.unseen import unseen_workspaces
from projections.judgements.classifiers import Classifiers
from projections.page import Failure, Page, read_one, read_page, read_range
from projections.progress import (
    advance_logical_time,
    cursor_of,
    logical_time_of,
    move_cursor,
)
from projections.stores.rows import SETTLING
from projections.tenure import Tenure, Whole, epochs_of
from projections.turns import take_turn
from schemas.envelope import Event, Position

NAME = "rows"


class RowsSink:
    """Applies pages to one generation of the row store.

    ``publishes`` is off in a rebuild, and beside the live generation: what it concludes has been
    published before. Pages come from
    ``feed``, which has no more than the places of ``tenure``; by default it is the log itself.
    """

    def __init__(
        self,
        rows: sa.Engine,
        log: EventLog,
        composer: Composer,
        book: ReferenceBook,
        folds: Sequence[Fold],
        classifiers: Classifiers,
        *,
        generation: int,
        publishes: bool = True,
        feed: EventLog | None = None,
        tenure: Tenure | None = None,
    ) -> None:
        self._rows = rows
        self._log = log
        self._feed = feed or log
        self._tenure = tenure or Whole()
        self._composer = composer
        self._book = book
        self._folds = folds
        self._classifiers = classifiers
        self._generation = generation
        self.publishes = publishes
        self._learned: list[Event] = []
        self.unapplied: list[Failure] = []
        """What could not be applied, where nothing is published: no letter tells of it."""
        self._met = Met()

    def cursor(self) -> Cursor:
        """Where the sink stands."""
        with reading(self._rows).begin() as connection:
            return cursor_of(connection, NAME, self._generation)

    def logical_time(self) -> int:
        """The logical time the sink has reached."""
        with reading(self._rows).begin() as connection:
            return logical_time_of(connection, NAME, self._generation)

    def learn(self) -> None:
        """Read the reference data that the log has by now."""
        self._learned += self._book.catch_up(self._log)

    def step(self, limit: int, until: Cursor | None = None) -> bool:
        """Apply the next page, if there is one; answers whether there was."""
        page = read_page(self._feed, self.cursor(), limit, until)
        if page.start == page.end:
            return False
        self.apply(page)
        return True

    def apply(self, page: Page) -> None:
        """Apply one page. Raises ``CursorGap`` if it does not begin where the sink stands."""
        # Read before the page is folded, so that no fact meets reference data older than itself.
        # Kept until the page is stored: a page that has to be tried again meets them once more.
        self.learn()
        with self._rows.begin() as connection:
            epochs = epochs_of(self._tenure, page.start, page.end)
            # First: it waits for a worker that is at the same place, and refuses what is not ours.
            move_cursor(connection, NAME, self._generation, page.start, page.end, epochs)
            before = logical_time_of(connection, NAME, self._generation)
            late = _late(self._learned, page.start, before)
            self._fold(connection, page, max(before, page.recorded_at), late)
        self._learned = []

    def tick(self, now: int) -> bool:
        """Let time pass while nothing arrives; answers whether anything was due.

        Much that is due is done a part at a time, so ask again until nothing was.
        """
        with reading(self._rows).begin() as connection:
            if now < logical_time_of(connection, NAME, self._generation) or not _due(
                connection, self._generation, now
            ):
                return False
        # After a restart the book is empty, and what is due now would be judged by no rules at all.
        self.learn()
        with self._rows.begin() as connection:
            cursor = cursor_of(connection, NAME, self._generation)
            self._fold(connection, Page(cursor, cursor, ()), now, {})
        return True

    def retry(self, position: Position) -> None:
        """Apply an event that is a dead letter once more; it stays one if that fails again."""
        self.learn()
        with self._rows.begin() as connection:
            here = cursor_of(connection, NAME, self._generation)
            moment = logical_time_of(connection, NAME, self._generation)
            solve(connection, NAME, position)  # what fails again is buried again
            self._fold(connection, read_one(self._log, position, here), moment, {})

    def again(self, events: Sequence[Event]) -> Mapping[str, int]:
        """Derive anew all that events touch that were applied before.

        Answers how many rows became others, by table; where all was right, none.
        """
        self.learn()
        with self._rows.begin() as connection:
            here = cursor_of(connection, NAME, self._generation)
            moment = logical_time_of(connection, NAME, self._generation)
            return self._fold(connection, Page(here, here, tuple(events)), moment, {}, anew=True)

    def _fold(
        self, connection: sa.Connection, page: Page, logical_time: int, late: Mapping[str, int],
        *, anew: bool = False,
    ) -> Mapping[str, int]:  # fmt: skip
        folding = Folding(
            connection, self._generation, self._folds, self._book, self._classifiers.version,
            self._met,
        )  # fmt: skip
        events = (*self._passed_too_early(page.start, late), *page.events)
        due = _due(connection, self._generation, logical_time)
        workspaces = {*late, *due, *(event.workspace for event in events)}
        take_turn(connection, NAME, self._generation, workspaces)
        folded = folding.apply(events, logical_time, late, workspaces, anew=anew)
        if self.publishes:
            put(connection, self._composer.records(folded.drafts))
            bury(connection, NAME, [*page.failures, *folded.failures], logical_time)
        else:
            self.unapplied += [*page.failures, *folded.failures]
        advance_logical_time(connection, NAME, self._generation, logical_time)
        put_copies(connection, self._generation, folded.copies)
        self._met.forget()
        return folded.changed

    def _passed_too_early(self, start: Cursor, late: Mapping[str, int]) -> tuple[Event, ...]:
        """The facts that late reference data should have reached, read again from the log.

        What was kept is folded again anyway; but a fact that no rule took was not kept.
        """
        if not late:
            return ()
        since = self._log.cursor_at(min(late.values()) - 1)
        return read_range(self._log, since, start).events


def _late(learned: Sequence[Event], start: Cursor, passed: int) -> dict[str, int]:
    """By workspace, since when reference data took effect that the sink has passed without (R38).

    Reference data that the sink itself has passed are not late, only new to this process.
    """
    late: dict[str, int] = {}
    for event in learned:
        topic, partition, offset = event.position
        effective_at = event.effective_at
        if effective_at is None or effective_at > passed or offset < start[topic, partition]:
            continue
        late[event.workspace] = min(late.get(event.workspace, effective_at), effective_at)
    return late


def _due(connection: sa.Connection, generation: int, now: int) -> set[str]:
    """The workspaces in which something waits for a time that has come, or has come already."""
    due = sa.select(SETTLING.c.workspace).where(
        SETTLING.c.generation == generation, SETTLING.c.due_at <= now
    )
    found: set[str] = set(connection.execute(due.distinct()).scalars())
    found.update(connection.execute(unseen_workspaces(generation)).scalars())
    return found
