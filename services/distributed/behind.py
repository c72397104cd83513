"""The processes behind the doors: workers, and the relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa

from events.compose import Composer
from events.kafka.log import KafkaLog
from events.log import EventLog
from events.sealing import Sealer
from events.sql.outbox import Relay
from projections.columns_sink import ColumnsSink
from projections.folds.order import all_folds
from projections.folds.reference import ReferenceBook
from projections.generations import live_generation, versions_of
from projections.judgements.classifiers import Classifiers
from projections.letters import Letters
from projections.read_models import ReadModels
from projections.retrying import Retrying
from projections.rows_sink import NAME as ROWS
from projections.rows_sink import RowsSink
from projections.runner import PAGE
from projections.stores.columns import Columns
from projections.stores.tables import create_tables
from projections.tenure import Shared
from schemas.clock import Clock, RandomBytes
from services.access import Access
from services.access_sql import SqlAccess
from services.distributed.connecting import (
    broker_of,
    layout_of,
    store_of,
    vault_of,
)
from services.distributed.reading import Reading
from services.folder import locked
from services.noticing import Noticed
from services.settings import Settings
from services.stream.delivery import Delivery
from services.stream.membership import Membership
from services.stream.worker import SinkWorker


@contextmanager
def open_workers(
    settings: Settings, sinks: Sequence[str], *, clock: Clock, random: RandomBytes
) -> Iterator[tuple[list[SinkWorker], Access]]:
    """A worker for each sink named, not yet started. Raises ``UnavailableError``."""
    with ExitStack() as closing:
        store = store_of(settings)
        closing.callback(store.dispose)
        vault = vault_of(settings, store, random)
        closing.callback(vault.close)
        access = SqlAccess(store, Noticed(store), clock, random)
        closing.callback(access.close)
        read = Reading(settings, store, closing)
        made = _Workers(settings, store, read, Composer(Sealer(vault), clock), clock)
        yield [made.worker(name) for name in sinks], access


class _Workers:
    def __init__(
        self,
        settings: Settings,
        store: sa.Engine,
        read: Reading,
        composer: Composer,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._read = read
        self._log = read.log
        self._composer = composer
        self._clock = clock
        self._generation = live_generation(store)

    def worker(self, name: str) -> SinkWorker:
        delivery = Delivery(self._settings.kafka_partitions)
        tenure = Shared(self._store, name, self._generation)
        make = self._rows if name == ROWS else self._columns
        turn, resume = make(self._read.over(delivery), tenure)
        return SinkWorker(
            name, turn, resume, tenure, delivery,
            lambda drain: self._membership(name, delivery, drain), self._settings.stall_seconds,
        )  # fmt: skip

    def _rows(
        self, feed: EventLog, tenure: Shared
    ) -> tuple[Callable[[], bool], Callable[[], object]]:
        book = ReferenceBook()
        settle = int(self._settings.settle_seconds * 1000)
        sink = RowsSink(
            self._store, self._log, self._composer, book, all_folds(book, settle),
            self._classifiers(), generation=self._generation, feed=feed, tenure=tenure,
        )  # fmt: skip
        return (lambda: sink.step(PAGE) or sink.tick(self._clock())), lambda: None

    def _columns(
        self, feed: EventLog, tenure: Shared
    ) -> tuple[Callable[[], bool], Callable[[], object]]:
        columns = self._read.columns()
        create_tables(columns)
        sink = ColumnsSink(
            self._store, columns, self._log, self._composer, self._generation,
            self._classifiers(), feed, tenure,
        )  # fmt: skip
        # A step that a store broke off is finished before the next.
        return (lambda: sink.resume() or sink.step(PAGE)), sink.resume

    def _classifiers(self) -> Classifiers:
        return Classifiers(self._log, versions_of(self._store, self._generation))

    def _membership(self, name: str, delivery: Delivery, drain: Callable[[], None]) -> Membership:
        layout = layout_of(self._settings)
        group = f"{layout.prefix}answerback.{name}.v{layout.generation}"
        return Membership(group, broker_of(self._settings), layout, delivery, drain)


@contextmanager
def open_letters(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Letters]:
    """The dead letters of the shared stores. Raises ``UnavailableError``."""
    with ExitStack() as closing:
        store = store_of(settings)
        closing.callback(store.dispose)
        vault = vault_of(settings, store, random)
        closing.callback(vault.close)
        read = Reading(settings, store, closing)
        composer = Composer(Sealer(vault), clock)
        yield retrying(settings, store, read.columns(), read.log, composer)


def retrying(
    settings: Settings, store: sa.Engine, columns: Columns, log: EventLog, composer: Composer
) -> Retrying:
    """Retries with sinks of its own, which hold no places: a retry moves no cursor."""
    settle = int(settings.settle_seconds * 1000)
    models = ReadModels(store, columns, log, composer, lambda book: all_folds(book, settle))
    return Retrying(store, lambda: [models.sinks(live_generation(store))])


@contextmanager
def open_relay(
    settings: Settings, *, clock: Clock, random: RandomBytes
) -> Iterator[tuple[Relay, sa.Engine, Access]]:
    """The relay, and the store whose outbox it empties. Raises ``UnavailableError``."""
    with ExitStack() as closing:
        closing.enter_context(locked(settings))
        store = store_of(settings)
        closing.callback(store.dispose)
        access = SqlAccess(store, Noticed(store), clock, random)
        closing.callback(access.close)
        log = KafkaLog(broker_of(settings), layout_of(settings), settings.data / "ids.db", clock)
        closing.callback(log.close)
        yield Relay(store, log, clock), store, access
