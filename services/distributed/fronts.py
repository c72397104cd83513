"""The processes that answer HTTP: the collector, and the management API with the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NoReturn
from uuid import UUID

import sqlalchemy as sa

from events.compose import Composer
from events.kafka.log import KafkaLog
from events.log import OwnedLog
from events.sealing import Sealer
from events.spool import SpooledLog
from events.spool_file import SpoolFile
from events.spool_file import Waiting as Spooled
from events.sql.gate import SqlGate
from events.sql.raw import SqlRawBodies
from projections.folds.order import all_folds
from projections.past.shelf import Shelf
from projections.read_models import ReadModels
from projections.reading.reader import StoredReads
from projections.reading.reads import Reads
from projections.standing import Standing
from projections.waiting import Waiting
from schemas.clock import Clock, RandomBytes
from schemas.errors import StoreUnavailable, UnavailableError
from services.access_sql import SqlAccess
from services.back.stub import stub
from services.distributed.behind import retrying
from services.distributed.connecting import (
    broker_of,
    layout_of,
    store_of,
    vault_of,
)
from services.distributed.reading import Reading
from services.folder import locked
from services.keepsake import Keepsake
from services.metrics import SPOOL_BYTES, SPOOL_ENTRIES, SPOOL_REFUSED
from services.noticing import Noticed
from services.parts import Parts
from services.reference import Reference
from services.settings import Settings

_LOOK_AGAIN_SECONDS = 0.05
_REFRESH_SECONDS = 0.5


@contextmanager
def open_collector(
    settings: Settings, *, clock: Clock, random: RandomBytes
) -> Iterator[tuple[Parts, Callable[[], None]]]:
    """The parts of a collector, and what measures its spool.

    It takes events also while Kafka is away.
    """
    with ExitStack() as closing:
        closing.enter_context(locked(settings))
        store = store_of(settings)
        closing.callback(store.dispose)

        def opening() -> OwnedLog:
            return _log(settings, clock)

        log = SpooledLog(
            opening, settings.kafka_partitions, SpoolFile(settings.data / "spool.db"),
            settings.spool_bytes, clock, lambda: UUID(bytes=random(16), version=4),
        )  # fmt: skip
        closing.callback(log.close)
        parts = _parts(settings, store, log, _nothing_to_read(), closing, clock, random)
        yield parts, lambda: _measure(log.waiting())


@contextmanager
def open_api(settings: Settings, *, clock: Clock, random: RandomBytes) -> Iterator[Parts]:
    """The parts of the management API and the page. Raises ``UnavailableError``."""
    with ExitStack() as closing:
        closing.enter_context(locked(settings))
        store = store_of(settings)
        closing.callback(store.dispose)
        log = _log(settings, clock)
        closing.callback(log.close)
        parts = _parts(settings, store, log, _nothing_to_read(), closing, clock, random)
        read = Reading(settings, store, closing)
        reads = _reads(settings, store, read, parts, closing)
        letters = retrying(settings, store, read.columns(), read.log, parts.composer)
        yield replace(parts, reads=reads, letters=letters)


def _measure(waiting: Spooled) -> None:
    SPOOL_ENTRIES.set(waiting.entries)
    SPOOL_BYTES.set(waiting.size)
    SPOOL_REFUSED.set(waiting.refused)


def _log(settings: Settings, clock: Clock) -> KafkaLog:
    return KafkaLog(broker_of(settings), layout_of(settings), settings.data / "ids.db", clock)


def _parts(
    settings: Settings,
    store: sa.Engine,
    log: OwnedLog,
    reads: Reads,
    closing: ExitStack,
    clock: Clock,
    random: RandomBytes,
) -> Parts:
    vault = vault_of(settings, store, random)
    closing.callback(vault.close)
    access = SqlAccess(store, Noticed(store), clock, random)
    closing.callback(access.close)
    gate = SqlGate(store, clock, lambda: UUID(bytes=random(16), version=4))
    closing.callback(gate.close)
    reference = Reference(log, Keepsake(settings.data / "reference.jsonl"))
    closing.callback(_kept_fresh(reference))
    sealer = Sealer(vault)
    return Parts(
        settings=settings,
        clock=clock,
        random=random,
        log=log,
        gate=gate,
        vault=vault,
        sealer=sealer,
        composer=Composer(sealer, clock),
        access=access,
        reference=reference,
        reads=reads,
        rings_file=Keepsake(settings.data / "rings.jsonl"),
        raw=SqlRawBodies(store, clock, settings.raw_retention_days),
    )


def _reads(
    settings: Settings, store: sa.Engine, read: Reading, parts: Parts, closing: ExitStack
) -> Reads:
    log, columns = read.log, read.columns()
    settle = int(settings.settle_seconds * 1000)
    models = ReadModels(store, columns, log, parts.composer, lambda book: all_folds(book, settle))
    shelf = Shelf(models, settings.data / "pasts", parts.clock)
    closing.callback(shelf.close)
    waiting = Waiting(store, log, parts.clock, Standing(), _LOOK_AGAIN_SECONDS)
    return StoredReads(store, columns, log, parts.sealer, waiting, shelf)


def _nothing_to_read() -> Reads:
    def refuse() -> NoReturn:
        raise StoreUnavailable("This process takes events and has no read models. Ask the API.")

    return stub(Reads, refuse)


def _kept_fresh(reference: Reference) -> Callable[[], None]:
    """Read on what other processes decide, until the answer is called."""
    ending = threading.Event()

    def refresh() -> None:
        while not ending.wait(_REFRESH_SECONDS):
            try:
                reference.refresh()
            except UnavailableError:
                continue  # doors go on with what they know; the log says itself that it is away

    thread = threading.Thread(target=refresh, name="reference", daemon=True)
    thread.start()

    def end() -> None:
        ending.set()
        thread.join()

    return end
