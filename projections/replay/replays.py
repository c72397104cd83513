"""The port of replay: generations of read models, built beside the live one and put in its place.

1. One generation is built at a time. It is built in the background, in turns that let the live one
   go first, and goes on where it was when the process is started again.
2. Readers see one generation, all of it, from one statement to the next.
3. The generation that was live before is kept up to date for a while, so that going back is quick.
4. A generation is followed by the versions of projections that made it, where the program still has
   them, and else by the newest.
5. What is not live publishes nothing but verdicts by classifiers of which nobody else tells any;
   what it concludes otherwise is told when it becomes live.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from projections.differences.difference import Change, Difference
from projections.maintenance import Comparison
from projections.replay.generation import Generation
from schemas.envelope import Position


@dataclass(frozen=True, slots=True)
class Progress:
    """A generation, and how many events of those that the live one has folded it has."""

    generation: Generation
    done: int
    total: int
    waits: bool
    """Whether it holds back since the live one is behind."""
    mixed: list[str]
    """Projections that now follow by other versions than the ones that made it."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many events of a type the log has, and their bytes."""

    type: str
    events: int
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay would take.

    ``events`` are in the log, ``shares`` in the journal, which may be behind. ``seconds`` is
    estimated by the rate of the last replay, and ``None`` where there was none. ``size`` is what
    the live generation takes in the column store, and its documents in the row store; another takes
    as much. ``changed`` names projections whose version is not the one that made the live
    generation.
    """

    events: int
    shares: list[Share]
    seconds: float | None
    size: int
    changed: list[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events a partial replay is of: those of which all is so that is said.

    Times are of occurrence, in milliseconds, ``until`` exclusive. From ``first`` on to the offset
    ``last`` of its partition, or it alone. A contact stands for all who belong to it.
    """

    workspace: str = ""
    types: tuple[str, ...] = ()
    campaign: str = ""
    contact: str = ""
    since: int | None = None
    until: int | None = None
    first: Position | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """A portion of a partial replay: how many events it was of, and how many rows became others.

    ``changed`` counts rows by table of the row store, and verdicts. ``after`` is where to go on,
    or empty at the end.
    """

    events: int
    changed: dict[str, int]
    after: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of a promotion: the tables that differ, and how many events told so."""

    generation: Generation
    different: list[Comparison]
    published: int


@dataclass(frozen=True, slots=True)
class Caused:
    """Rows that differ in the same way, and the changed projections that this can come from.

    Where there are none, it is a bug: of the rules before, or of those now.
    """

    difference: Difference
    because: list[str]


@dataclass(frozen=True, slots=True)
class Step:
    """An event behind a row, in the order in which the rules take them, and what it changed.

    ``position`` is topic, partition and offset; ``occurred_at`` is in milliseconds.
    """

    event_id: str
    type: str
    occurred_at: int
    position: str
    changes: list[Change]


class Replays(ABC):
    """Every call blocks until it is done; the module's docstring is the contract."""

    @abstractmethod
    def plan(self) -> Plan:
        """What a replay would take."""

    @abstractmethod
    def chosen(self, choice: Choice) -> Plan:
        """What a partial replay would take. Raises ``InvalidInput``, as the next."""

    @abstractmethod
    def partial(self, choice: Choice, after: str) -> Portion:
        """Derive anew, in the live tables, all that the next of the chosen events touch.

        By the rules that made these tables. What is right stays as it is, so any portion may be
        done again.
        """

    @abstractmethod
    def begin(self) -> Progress:
        """Begin to build a generation. Raises ``Busy`` while another one is built, or is ready."""

    @abstractmethod
    def replays(self) -> list[Progress]:
        """All generations, in the order in which they were begun."""

    @abstractmethod
    def pause(self, number: int) -> Progress:
        """Build it no further for now. Raises ``NotFound`` or ``MoveRefused``, as all below."""

    @abstractmethod
    def resume(self, number: int) -> Progress:
        """Go on where it was paused, or where it failed."""

    @abstractmethod
    def cancel(self, number: int) -> Progress:
        """Give up a generation that was never live, and drop its tables."""

    @abstractmethod
    def retire(self, number: int) -> Progress:
        """Drop a generation that was live before: there is no way back to it."""

    @abstractmethod
    def compare(self, number: int) -> list[Comparison]:
        """Every table of the live generation, beside the one of another that follows."""

    @abstractmethod
    def diff(self, number: int) -> list[Caused]:
        """Every row that differs between the live generation and another, in groups."""

    @abstractmethod
    def history(self, number: int, table: str, workspace: str, row: str) -> list[Step]:
        """The events behind a row of a table of rows, and what each changed in it.

        The row need not be in this generation, if it is in another. What the rules look up is as it
        is by now. Of a message's row in the columns the events are told, without changes.

        Raises ``NotFound``, and ``InvalidInput`` for a table of which none is told.
        """

    @abstractmethod
    def promote(self, number: int, anyway: bool) -> Promotion:
        """Have readers see a generation that is ready, and tell what it concludes otherwise.

        Raises ``Unexplained`` where a table differs though nothing it follows from has another
        version, unless that is to happen ``anyway``.
        """

    @abstractmethod
    def rollback(self) -> Promotion:
        """Have readers see again what was live before. Raises ``MoveRefused`` if nothing was."""
