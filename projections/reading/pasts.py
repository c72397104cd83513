"""The stores that a read is answered from: the live ones, or those of a past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from events.cursor import Cursor
from events.log import EventLog
from projections.generations import live_generation, versions_of
from projections.judgements.classifiers import classifier_version, judging_by
from projections.past.building import Stores
from projections.past.cut import Moment
from projections.past.shelf import Shelf
from projections.past.supposing import Supposition
from projections.stores.columns import Columns
from projections.waiting import Waiting
from schemas.classifier import CLASSIFIER_ID
from schemas.errors import Fault, InvalidInput

PATIENCE = 5.0
"""How many seconds a read waits for the read models to come to what it asks for."""


class Pasts:
    """Finds the stores of a moment. Any thread may ask."""

    def __init__(
        self, rows: sa.Engine, columns: Columns, log: EventLog, waiting: Waiting, shelf: Shelf
    ) -> None:
        self._rows = rows
        self._columns = columns
        self._log = log
        self._waiting = waiting
        self._shelf = shelf

    def live(self, sink: str) -> Stores:
        """The live stores, at the cursor of a sink."""
        live = self._waiting.live()
        return Stores(self._rows, self._columns, live.generation, live.cursors[sink])

    @contextmanager
    def at(
        self, workspace: str, sink: str, known_at: str | None, as_of: int | None = None,
        classifier: int | None = None,
    ) -> Iterator[Stores]:  # fmt: skip
        """The stores of a past, or the live ones where nothing is asked but what is known now.

        ``sink`` is whose cursor the live stores stand at; ``classifier`` the version that judges,
        if not the live one. Raises ``Preparing``, ``InvalidInput``.
        """
        live = self.live(sink)
        cursor = live.cursor if known_at is None else Cursor.decode(known_at)
        is_judged_so = classifier is None or classifier == live.classifier(workspace)
        ends = (live.cursor, *self._heads(known_at))
        if as_of is None and is_judged_so and all(cursor == end for end in ends):
            yield live
            return
        moment = self.moment(workspace, cursor, as_of, classifier)
        if known_at is None:
            moment = self._shelf.recent(moment)
        with self._shelf.taken(moment) as stores:
            yield stores

    def moment(
        self, workspace: str, cursor: Cursor, as_of: int | None = None,
        classifier: int | None = None,
    ) -> Moment:  # fmt: skip
        """A past by the rules of the live generation, or by another version of the classifier.

        Raises ``InvalidInput`` for a cursor that the log has not come to.
        """
        if not self._log.heads().reaches(cursor):
            fault = Fault("/known_at", "Send a time, or a cursor that an earlier reply gave.")
            raise InvalidInput("The cursor lies behind the end of the log.", (fault,))
        # A past reads the live journal, which must have come that far.
        self._waiting.wait_for(cursor, PATIENCE)
        return Moment(workspace, cursor, as_of, self._rules(workspace, classifier))

    def tried(
        self, workspace: str, definition_id: UUID, version: int, known_at: str | None, fresh: int
    ) -> Moment:
        """What if a version of a definition had always been in force.

        By what is known at a cursor, or was within ``fresh`` milliseconds.
        """
        here = self.live("columns").cursor if known_at is None else Cursor.decode(known_at)
        if definition_id == CLASSIFIER_ID:
            moment = self.moment(workspace, here, classifier=version)
        else:
            supposing = Supposition(definition_id, version)
            moment = replace(self.moment(workspace, here), supposing=supposing)
        return self._shelf.recent(moment, fresh) if known_at is None else moment

    @contextmanager
    def of(self, moment: Moment) -> Iterator[Stores]:
        """The stores of exactly this moment, the live ones among them. Raises ``Preparing``."""
        if moment.is_actual and moment.rules == self._rules(moment.workspace):
            cursor = moment.cursor.encode()
            with self.at(moment.workspace, "columns", cursor, moment.as_of) as stores:
                yield stores
        else:
            with self._shelf.taken(moment) as stores:
                yield stores

    def generation_of(self, at: Stores) -> int:
        """By whose rules it was counted: a past is made by those of the live generation."""
        return at.generation if at.rows is self._rows else live_generation(self._rows)

    def _rules(self, workspace: str, classifier: int | None = None) -> frozenset[tuple[str, int]]:
        """The rules of the live generation, as far as they are of a workspace."""
        rules = versions_of(self._rows, self._waiting.live().generation)
        version = classifier_version(rules, workspace) if classifier is None else classifier
        return frozenset(judging_by(rules, {workspace: version}).items())

    def _heads(self, known_at: str | None) -> list[Cursor]:
        """Where both sinks stand; only where all stand at one place do the live stores tell it."""
        return [] if known_at is None else list(self._waiting.cursors().values())
