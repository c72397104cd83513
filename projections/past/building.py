"""Builds a past: the rows and columns that an installation would have had at a moment.

The log is read once more up to the moment, and everything is concluded anew from it. So what is
concluded is known when its cause is, whenever it was recorded (R4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pyarrow as pa
import sqlalchemy as sa

from events.codec import payload_of
from events.cursor import Cursor
from events.keys import key_of
from events.log import EventLog
from projections.entities.ranges import workers
from projections.entities.refresh import Entities
from projections.generations import versions_of
from projections.judgements.classifiers import Classifiers, classifier_version
from projections.page import Page
from projections.past.cut import CutLog, Moment
from projections.past.journal import copy_journal
from projections.read_models import ReadModels
from projections.rebuild import judge, ship
from projections.replay.ledger import Ledger
from projections.stores.columns import Columns
from projections.stores.tables import create_tables
from schemas.catalogue import Topic
from schemas.envelope import Event, Position
from schemas.ids import named_id
from schemas.instants import Instant

_BATCH = 5000
_JUDGED = "interaction.judged"
_JUDGED_FIELDS = ("event_type", "classifier_version", "verdict", "reasons", "flags", "ordinal")


@dataclass(frozen=True, slots=True)
class Stores:
    """Where one state of the read models lies, and the cursor it stands at."""

    rows: sa.Engine
    columns: Columns
    generation: int
    cursor: Cursor

    def classifier(self, workspace: str) -> int:
        """The version of the classifier by which a workspace is judged in it."""
        return classifier_version(versions_of(self.rows, self.generation), workspace)


@dataclass(slots=True)
class Work:
    """How far a build is; ``going`` raises when it is to stop."""

    going: Callable[[], None]
    done: int = 0
    total: int = 1

    @property
    def percent(self) -> int:
        """How much of the log was read, which is most of the work."""
        return min(99, 100 * self.done // max(1, self.total))


class Building:
    """The building of one past, in stores that are empty."""

    def __init__(self, source: ReadModels, moment: Moment, into: Stores, work: Work) -> None:
        self._source = source
        self._moment = moment
        self._into = into
        self._work = work
        cut = replace(source, rows=into.rows, columns=into.columns, log=CutLog(source.log, moment))
        rules = dict(moment.rules)
        # From the whole log: what judges a past may have been drafted later.
        self._classifiers = Classifiers(source.log, rules)
        sinks = cut.sinks(into.generation, rules, self._classifiers, publishes=False)
        self._sink, self._book = sinks.rows, sinks.book

    def run(self) -> None:
        """Fill the stores. Raises whatever ``Work.going`` does."""
        self._suppose()
        create_tables(self._into.columns)
        Ledger(self._into.rows).enter_live(dict(self._moment.rules), 0)
        with self._into.columns.lasting():
            self._fill()

    def _suppose(self) -> None:
        """Have the rules been what they were not."""
        moment = self._moment
        if moment.supposing is not None:
            told = moment.supposing.published(self._source.log, moment.workspace)
            if told is not None:
                self._book.learn(told, payload_of(told))

    def _fill(self) -> None:
        into, moment = self._into, self._moment
        copy_journal(into.columns, self._source.columns.database, moment)
        self._work.going()
        self._fold_log()
        ship(into.rows, into.columns, into.generation)
        self._work.going()
        verdicts = judge(
            into.columns, self._classifiers, moment.workspace, into.generation, into.cursor.total
        )
        self._fold_verdicts(verdicts)
        # Only now is it known which clicks wait for signs of a machine.
        while self._sink.tick(last_recorded(self._source.log, moment.cursor)):
            self._work.going()
        ship(into.rows, into.columns, into.generation)
        self._work.going()
        with workers() as pool:
            entities = Entities(into.columns, into.generation, into.cursor.total)
            entities.rebuild(moment.workspace, pool)

    def _fold_log(self) -> None:
        until = self._moment.cursor
        self._work.total = until.total
        while self._sink.step(_BATCH, until):
            self._work.done = self._sink.cursor().total
            self._work.going()

    def _fold_verdicts(self, verdicts: pa.Table) -> None:
        """Give the folds every verdict, as the log would have."""
        here = self._sink.cursor()
        for start in range(0, verdicts.num_rows, _BATCH):
            self._work.going()
            rows = verdicts.slice(start, _BATCH).to_pylist()
            self._sink.apply(Page(here, here, tuple(self._events(rows, start))))

    def _events(self, rows: Sequence[dict[str, Any]], start: int) -> Iterator[Event]:
        workspace = self._moment.workspace
        for number, row in enumerate(rows, start):
            name = str(row["event_id"])
            said = {"event_id": name, **{field: row[field] for field in _JUDGED_FIELDS}}
            yield Event(
                event_id=named_id(workspace, "past", _JUDGED, name),
                type=_JUDGED,
                schema_version=1,
                topic=Topic.DERIVED,
                workspace=workspace,
                key=key_of(workspace, row["person"]),
                producer="past",
                received_at=Instant(row["occurred_at"]),
                time=Instant(row["occurred_at"]),
                data=orjson.dumps(said),
                position=Position(Topic.DERIVED, 0, number),  # in no log
                recorded_at=Instant(row["occurred_at"]),
                occurred_at=Instant(row["occurred_at"]),
            )


def last_recorded(log: EventLog, cursor: Cursor) -> int:
    """The latest recorded time before a cursor: how far logical time had come."""
    latest = 0
    for (topic, partition), offset in cursor.items():
        for record in log.read(topic, partition, offset - 1, 1).records:
            latest = max(latest, record.recorded_at)
    return latest
