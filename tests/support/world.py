"""A small world for projections: a log in memory, real stores, and a clock that is told."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa

from events.codec import encode
from events.compose import Composer, Draft
from events.log import Appended, Record
from events.memory import MemoryLog
from events.sealing import Sealer
from events.sql.outbox import Relay
from events.sql.tables import reading
from events.vault_memory import MemoryVault
from projections.digests import TableDigest, column_digests, row_digests
from projections.folds.order import all_folds
from projections.folds.responses.document import ResponseDoc
from projections.kpis.report import kpi_groups
from projections.maintenance import Comparison
from projections.past.shelf import Shelf
from projections.read_models import ReadModels
from projections.reading.reader import StoredReads
from projections.rebuild import Rebuild
from projections.runner import Runner
from projections.stores.columns import Columns
from projections.stores.rows import RESPONSE, open_rows
from schemas.catalogue import Topic, load_all
from schemas.envelope import Stream
from schemas.ids import event_id, named_id
from schemas.instants import Instant
from schemas.kpis import KpiGroup, KpiQuery
from tests.support.clock import SettableClock
from tests.support.columns import new_columns
from tests.support.randomness import seeded

WORKSPACE = "demo"
SETTLE = 15_000


class World:
    """Appends events and runs the sinks by hand."""

    def __init__(
        self,
        folder: Path,
        name: str = "world",
        rows_url: str | None = None,
        columns: Columns | None = None,
    ) -> None:
        self._folder = folder / f"{name}-beside"
        self._shelves: list[Shelf] = []
        self.clock = SettableClock()
        self.workspace = WORKSPACE
        self.log = MemoryLog(self.clock)
        self.sealer = Sealer(MemoryVault(seeded()))
        self.composer = Composer(self.sealer, self.clock)
        self.rows: sa.Engine = open_rows(rows_url or f"sqlite:///{folder / name}.db")
        self._own_columns = columns is None
        self.columns: Columns = columns or new_columns()
        self.models = ReadModels(
            self.rows, self.columns, self.log, self.composer, lambda book: all_folds(book, SETTLE)
        )
        self.sinks = self.models.sinks(1)
        self.rows_sink, self.columns_sink = self.sinks.rows, self.sinks.columns
        self.relay = Relay(self.rows, self.log, self.clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for shelf in self._shelves:
            shelf.close()
        self.rows.dispose()
        if self._own_columns:
            self.columns.run(f"DROP DATABASE {self.columns.database} SYNC")
            self.columns.close()

    # Events

    def fact(self, kind: str, data: dict[str, Any], name: str, **attributes: Any) -> Record:
        """The record of a fact under a name of its source's; ``at`` is its time."""
        at = attributes.pop("at", None)
        draft = Draft(
            kind=load_all().newest(kind),
            topic=attributes.pop("topic", Topic.FACTS),
            workspace=self.workspace,
            producer="test",
            event_id=event_id(self.workspace, "test", name),
            payload=load_all().newest(kind).model.model_validate(data),
            received_at=Instant(self.clock()),
            time=Instant(self.clock() if at is None else at),
            external_id=name,
            **attributes,
        )
        return encode(self.composer.compose([draft])[0])

    def decision(
        self, kind: str, data: dict[str, Any], stream: str, version: int,
        key: UUID | str | None, at: int | None = None,
    ) -> Record:  # fmt: skip
        """The record of a decision in a stream ``kind:id``."""
        draft = Draft(
            kind=load_all().newest(kind),
            topic=Topic.DECISIONS,
            workspace=self.workspace,
            producer="test",
            event_id=named_id(self.workspace, stream, version),
            payload=load_all().newest(kind).model.model_validate(data),
            received_at=Instant(self.clock()),
            time=Instant(self.clock() if at is None else at),
            key_name=None if key is None else str(key),
            stream=Stream.parse(stream),
            version=version,
        )
        return encode(self.composer.compose([draft])[0])

    def append(self, *records: Record) -> Appended:
        """Append records as one call."""
        return self.log.append(records).result()

    # Running

    def turn(self, page: int = 5000) -> bool:
        """One turn of every part; answers whether anything moved."""
        moved = self.rows_sink.step(page)
        moved = self.relay.send() > 0 or moved
        moved = self.columns_sink.step(page) or moved
        return self.relay.send() > 0 or moved

    def run(self, page: int = 5000) -> None:
        """Run until nothing moves, let an hour pass, and run again."""
        while self.turn(page):
            pass
        self.clock.advance(3_600_000)
        while self.rows_sink.tick(self.clock()):
            self.relay.send()
        while self.turn(page):
            pass

    # Looking

    def digests(self) -> list[TableDigest]:
        """The digests of all tables."""
        return row_digests(self.rows, 1) + column_digests(self.columns, 1)

    def rebuilt(self) -> list[Comparison]:
        """Every table against a rebuild."""
        rebuild = Rebuild(self.models, live=1)
        rebuild.run()
        compared = rebuild.compare()
        rebuild.drop()
        return compared

    def kpis(self, *group_by: Any, **bounds: Any) -> list[KpiGroup]:
        """The KPIs by group."""
        return kpi_groups(self.columns, WORKSPACE, 1, KpiQuery(group_by=group_by, **bounds))

    def reads(self) -> StoredReads:
        """What readers are answered."""
        runner = Runner(self.rows, self.log, self.sinks, self.clock, _unexpected)
        shelf = Shelf(self.models, self._folder / "pasts", self.clock, patience=60)
        self._shelves.append(shelf)
        return StoredReads(self.rows, self.columns, self.log, self.sealer, runner.waiting, shelf)

    def responses(self) -> list[ResponseDoc]:
        """All responses, in the order of their ids."""
        with reading(self.rows).begin() as connection:
            found = connection.execute(
                sa.select(RESPONSE.c.doc).where(RESPONSE.c.generation == 1).order_by(RESPONSE.c.id)
            )
            return [ResponseDoc.model_validate_json(doc) for (doc,) in found]


def _unexpected(error: BaseException) -> None:
    raise AssertionError("No sink stops in these tests.") from error
