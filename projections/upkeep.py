"""Maintenance over the runner and the stores of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from events.cursor import Cursor
from events.snapshots import Source
from projections.dead_letters import Letter
from projections.maintenance import Maintenance, Verification
from projections.read_models import ReadModels
from projections.rebuild import Rebuild
from projections.replay.replaying import Replaying
from projections.retrying import Retrying
from projections.runner import Runner
from schemas.errors import Abandoned, Busy

_SECONDS = 0.1


class Upkeep(Maintenance):
    """Keeps one generation of read models, compares it with a rebuild, or copies it.

    ``sources`` are the read models' stores and, last, the log's.
    """

    def __init__(
        self,
        runner: Runner,
        replaying: Replaying,
        models: ReadModels,
        sources: Sequence[Source],
        retrying: Retrying,
    ) -> None:
        self._retrying = retrying
        self._runner = runner
        self._replaying = replaying
        self._models = models
        self._sources = sources
        self._working = threading.Lock()
        self._abandoned = threading.Event()

    def follow(self) -> None:
        self._runner.start()
        self._replaying.start()

    def verify(self) -> Verification:
        with self._alone(), self._runner.held():
            self._runner.settle(self._going)
            live = self._runner.sinks.generation
            rebuild = Rebuild(self._models, live=live, going=self._going)
            try:
                rebuild.run()
                compared = rebuild.compare()
                return Verification(compared, rebuild.differences(compared))
            finally:
                rebuild.drop()

    def snapshot(self, folder: str) -> Cursor:
        with self._alone(), ExitStack() as open_ones:
            with self._runner.held():
                # Derived events are sent by turns alone, so the log of this moment has exactly
                # those that the row store has forgotten: after a restore none is sent again.
                self._runner.finish_step()
                heads = self._models.log.heads()
                pinned = [open_ones.enter_context(closing(s.pin())) for s in self._sources]
            for snapshot in pinned:
                snapshot.copy(Path(folder), self._going)
        return heads

    def letters(self) -> list[Letter]:
        return self._retrying.letters()

    def letter(self, name: str) -> Letter:
        return self._retrying.letter(name)

    def retry(self, name: str) -> Letter:
        with self._alone(), self._runner.held():
            self._runner.finish_step()
            return self._retrying.retry(name)

    def abandon(self) -> None:
        self._abandoned.set()

    def stop(self) -> None:
        """Abandon what is under way, and let nothing begin any more."""
        self.abandon()
        while not self._working.acquire(timeout=_SECONDS):
            self.abandon()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._working.acquire(blocking=False):
            raise Busy("Another backup or comparison is under way. Wait until it has ended.")
        try:
            self._abandoned.clear()
            yield
        finally:
            self._working.release()

    def _going(self) -> None:
        if self._abandoned.is_set():
            raise Abandoned("The work was given up before its end.")
