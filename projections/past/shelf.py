"""The pasts that are there: built when somebody asks, kept for the next, the oldest dropped."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from projections.past.building import Building, Stores, Work
from projections.past.cut import Moment
from projections.read_models import ReadModels
from projections.stores.rows import open_rows
from schemas.clock import Clock
from schemas.errors import Abandoned, Preparing

MOST = 4
"""How many pasts are kept: each is about as large as the workspace's share of the live tables."""
PATIENCE = 4.0
"""How many seconds a request waits for its past; then it is told to come back."""
FRESH = 60_000
"""For how many milliseconds, once it is there, a past that was asked for as of now answers so."""


@dataclass(slots=True)
class Past:
    """One past on the shelf: being built, or built."""

    folder: Path
    database: str
    work: Work
    built: Future[Stores]
    stores: list[Stores] = field(default_factory=list)
    readers: int = 0
    ready_at: int | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it may be dropped."""
        return self.readers == 0 and self.built.done()

    @property
    def has_failed(self) -> bool:
        """Whether its building ended without a result."""
        return self.built.done() and self.built.exception() is not None

    def is_fresh(self, oldest: int) -> bool:
        """Whether it is being built, or was there after some moment only."""
        return not self.has_failed and (self.ready_at is None or self.ready_at >= oldest)


class Shelf:
    """Pasts by their moment. Any thread may ask; one past is built at a time."""

    def __init__(
        self, source: ReadModels, folder: Path, clock: Clock, *, most: int = MOST,
        patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        """What an earlier process left in ``folder`` is dropped: pasts are made, never mended."""
        self._source = source
        self._folder = folder
        self._clock = clock
        self._most = most
        self._patience = patience
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._pasts: dict[Moment, Past] = {}
        self._made = 0
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="past")
        self._prefix = f"{source.columns.database}_past_"
        shutil.rmtree(folder, ignore_errors=True)
        source.columns.drop_beside(self._prefix)

    def recent(self, moment: Moment, fresh: int = FRESH) -> Moment:
        """The moment, or one of the same data time whose past is or was just put together.

        Else whoever asks for what is known now would be told to come back for ever: by then,
        more is known.
        """
        oldest = self._clock() - fresh
        with self._lock:
            for name, past in reversed(self._pasts.items()):
                if replace(name, cursor=moment.cursor) == moment and past.is_fresh(oldest):
                    return name
        return moment

    @contextmanager
    def taken(self, moment: Moment) -> Iterator[Stores]:
        """The past of a moment; it is not dropped while it is read.

        Raises ``Preparing`` while it is being built.
        """
        past = self._asked(moment)
        try:
            yield self._stores(past)
        finally:
            with self._lock:
                past.readers -= 1

    def close(self) -> None:
        """Give up what is being built, and drop everything."""
        self._closing.set()
        self._builder.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            for past in self._pasts.values():
                self._drop(past)
            self._pasts.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _asked(self, moment: Moment) -> Past:
        """The past, with one more reader; its building begins with the first."""
        with self._lock:
            past = self._pasts.pop(moment, None)
            if past is not None and past.has_failed:
                self._drop(past)
                past = None
            past = past or self._begin(moment)
            past.readers += 1
            self._pasts[moment] = past  # the last in a dict is the one asked for last
            self._make_room()
        return past

    def _begin(self, moment: Moment) -> Past:
        if sum(not past.built.done() for past in self._pasts.values()) >= self._most:
            raise Preparing("Other pasts are being put together first. Send the same again later.")
        self._made += 1
        label = f"{self._made:06}"
        past = Past(self._folder / label, self._prefix + label, Work(self._going), Future())
        past.built = self._builder.submit(self._build, moment, past)
        return past

    def _build(self, moment: Moment, past: Past) -> Stores:
        past.folder.mkdir(parents=True, exist_ok=True)
        into = Stores(
            open_rows(f"sqlite:///{past.folder / 'rows.db'}"),
            self._source.columns.beside(past.database),
            1,
            moment.cursor,
        )
        past.stores.append(into)  # so that a build that fails is dropped like any other
        Building(self._source, moment, into, past.work).run()
        past.ready_at = self._clock()
        return into

    def _stores(self, past: Past) -> Stores:
        try:
            return past.built.result(self._patience)
        except NotYet:
            raise Preparing(
                "What was known then is being put together: "
                f"{past.work.percent} % is done. Send the same request again."
            ) from None

    def _going(self) -> None:
        if self._closing.is_set():
            raise Abandoned("The server is stopping.")

    def _make_room(self) -> None:
        idle = [moment for moment, past in self._pasts.items() if past.is_idle]
        for moment in idle[: max(0, len(self._pasts) - self._most)]:
            self._drop(self._pasts.pop(moment))

    def _drop(self, past: Past) -> None:
        for stores in past.stores:
            stores.rows.dispose()
            stores.columns.close()
            self._source.columns.drop_beside(past.database)
        shutil.rmtree(past.folder, ignore_errors=True)
