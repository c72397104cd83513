"""Maintenance over the runner of this process."""

from __future__ import annotations

from collections.abc import Callable

from events.log import EventLog
from projections.maintenance import Comparison, Maintenance
from projections.rebuild import Rebuild
from projections.runner import Runner
from schemas.clock import Clock
from schemas.errors import Stale

_PATIENCE = 3600.0


class Upkeep(Maintenance):
    """Keeps one generation of read models, or compares it with a rebuild."""

    def __init__(
        self,
        runner: Runner,
        rebuild: Callable[[int, int], Rebuild],
        log: EventLog,
        clock: Clock,
        generation: int,
    ) -> None:
        self._runner = runner
        self._rebuild = rebuild
        self._log = log
        self._clock = clock
        self._generation = generation

    def follow(self) -> None:
        self._runner.start()

    def verify(self) -> list[Comparison]:
        self._catch_up()
        rebuild = self._rebuild(self._generation, self._generation + 1)
        rebuild.run()
        compared = rebuild.compare()
        rebuild.drop()
        return compared

    def _catch_up(self) -> None:
        """Bring every read model to the head of the log."""
        if self._runner.is_following:
            self._runner.wait_for(self._log.heads(), _PATIENCE)
            return
        deadline = self._clock() + int(_PATIENCE * 1000)
        while self._runner.run_once():
            if self._clock() > deadline:
                raise Stale("The read models have not come to the head of the log in time.")
