"""A world whose generations are grown, promoted and rolled back by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from projections.digests import TableDigest, column_digests, row_digests
from projections.folds.fold import Context, Fold, Known, Outcome
from projections.folds.order import all_folds
from projections.folds.reference import ReferenceBook
from projections.folds.responses.fold import Responses
from projections.generations import live_generation
from projections.maintenance import Comparison
from projections.past.shelf import Shelf
from projections.read_models import Folds
from projections.reading.reader import StoredReads
from projections.rebuild import Rebuild
from projections.replay.generation import State
from projections.replay.replaying import Replaying
from projections.runner import Runner
from tests.support import campaign as c
from tests.support import happenings as h
from tests.support.world import SETTLE, World

KEPT_MS = 86_400_000
MINUTE = 60_000


class WithoutVisits(Responses):
    """The rule of responses, changed: visits are none."""

    version: ClassVar[int] = 2

    def fold(self, entity: str, facts: Sequence[Known], context: Context) -> Outcome:
        came = super().fold(entity, facts, context)
        rows = tuple(row for row in came.rows if row.filters["type"] != "visit")
        return replace(came, rows=rows)


class WithoutVisitsUntold(WithoutVisits):
    """The same, by somebody who forgot to say so."""

    version: ClassVar[int] = 1


def folds_with(kind: type[Responses]) -> Folds:
    """All folds, with another one for responses."""

    def made(book: ReferenceBook) -> Sequence[Fold]:
        other = kind(book, SETTLE)
        return [other if fold.name == kind.name else fold for fold in all_folds(book, SETTLE)]

    return made


class Operated:
    """One process over the stores of a world; another one is made after it was killed."""

    def __init__(
        self, world: World, responses: type[Responses] = Responses, *, older: bool = True
    ) -> None:
        """``older`` says whether the program still has the version of before."""
        self.world = world
        self.models = replace(
            world.models,
            folds=folds_with(responses),
            older=lambda book: (Responses(book, SETTLE),) if older else (),
        )
        live = self.models.sinks(live_generation(world.rows))
        self.runner = Runner(world.rows, world.log, live, world.clock, _unexpected)
        self.replaying = Replaying(self.models, self.runner, world.clock, KEPT_MS)

    def follow(self) -> None:
        """The live generation comes to the end of the log."""
        while self.runner.run_once():
            pass

    def run(self) -> None:
        """All of them come to the end, an hour passes, and again."""
        for _ in range(2):
            moved = True
            while moved:
                moved = self.runner.run_once()
                moved = self.replaying.turn() or moved
            self.world.clock.advance(3_600_000)

    def grow(self) -> None:
        """Every generation comes to where the live one stands."""
        while self.replaying.turn():
            pass

    def state(self, number: int) -> State:
        """What has become of a generation."""
        return next(
            one.generation.state
            for one in self.replaying.replays()
            if one.generation.number == number
        )

    def digests(self, generation: int) -> list[TableDigest]:
        """The digests of all tables of a generation."""
        return row_digests(self.world.rows, generation) + column_digests(
            self.world.columns, generation
        )

    def rebuilt(self) -> list[Comparison]:
        """Every table of the live generation against a rebuild by the rules of now."""
        rebuild = Rebuild(self.models, live=live_generation(self.world.rows))
        rebuild.run()
        compared = rebuild.compare()
        rebuild.drop()
        return compared

    def reads(self, shelf: Shelf) -> StoredReads:
        """What readers are answered."""
        world = self.world
        return StoredReads(
            world.rows, world.columns, world.log, world.sealer, self.runner.waiting, shelf
        )

    def twice_journaled(self) -> list[str]:
        """The ids of events that the journal has more than once."""
        told = self.world.columns.query(
            "SELECT toString(event_id) AS event_id FROM journal "
            "GROUP BY event_id HAVING count() > 1 ORDER BY event_id"
        )
        return [str(name) for name in told.column(0).to_pylist()]

    def count_of(self, kind: str) -> int:
        """How many events of a type the journal has."""
        told = self.world.columns.query(
            "SELECT count() AS events FROM journal WHERE type = {kind:String}", {"kind": kind}
        )
        return int(told.column(0).to_pylist()[0])


def _unexpected(error: BaseException) -> None:
    raise AssertionError("No sink stops in these tests.") from error


def visited(world: World) -> None:
    """Two people whose opening of a mail is a response by the rules of now, and one who orders."""
    world.append(*h.prepared_world(world))
    world.clock.advance(10_000)
    start = world.clock() - 40 * 86_400_000
    world.append(*h.planned(world))
    for number in range(3):
        world.append(c.contact(world, number), *c.sent(world, number, start))
    world.append(*(c.opened(world, number, start + MINUTE * 10) for number in range(2)))
    world.append(c.ordered(world, 2, start + MINUTE * 20))
