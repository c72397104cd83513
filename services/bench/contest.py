"""A server of ours and a bare one, asked in turns by the same load on the same core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from services.bench.installation import Installation, free_port, started
from services.bench.load.order import Tally
from services.bench.machine import python_words
from services.bench.measured import Result, Rounds
from services.bench.plan import Plan
from services.bench.processes import Cores, held_still
from services.bench.rounds import Note, in_turns

_SHORTEST = 0.01  # the kernel's tick: a shorter time cannot be told from none


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and its process."""

    port: int
    process: int


Load = Callable[[Server], Tally]


@dataclass(frozen=True, slots=True)
class Contest:
    """The servers, and how much one good reply counts."""

    ours: Server
    bare: Server
    echo: Server
    each: int
    load: Load
    note: Note

    def results(self, name: str, ceiling: str, client: str, rounds: int) -> list[Result]:
        """Events a second, events a second of processor time, and what the load can do."""
        mine: list[Tally] = []
        theirs: list[Tally] = []
        wall = in_turns(
            name, "events/s", partial(self._rate, self.ours, mine), ceiling,
            partial(self._rate, self.bare, theirs), rounds, self.note,
        )  # fmt: skip
        share = self._share(mine)
        self.note(f"{name}: {share:.0%} of our processor time is the process that answers")
        busy = Result(
            f"{name}, by processor time", "events/CPU s", self._busy(mine), ceiling,
            self._busy(theirs),
        )  # fmt: skip
        alone = in_turns(
            client, "events/s", partial(self._rate, self.bare, []), "echo over bare sockets",
            partial(self._rate, self.echo, []), max(1, rounds // 2), self.note,
        )  # fmt: skip
        return [wall, busy, alone]

    def _rate(self, server: Server, kept: list[Tally]) -> float:
        if server is self.ours:
            tally = self.load(server)
        else:
            with held_still(self.ours.process):  # it still digests what it was sent
                tally = self.load(server)
        kept.append(tally)
        return tally.rate * self.each

    def _busy(self, tallies: list[Tally]) -> Rounds:
        return Rounds(tuple(
            one.within * self.each / max(sum(one.processor.values()), _SHORTEST) for one in tallies
        ))  # fmt: skip

    def _share(self, tallies: list[Tally]) -> float:
        front = sum(one.processor[self.ours.process] for one in tallies)
        return front / max(sum(sum(one.processor.values()) for one in tallies), _SHORTEST)


@contextmanager
def contest(
    installed: Installation, plan: Plan, cores: Cores, bare: str, each: int, load: Load
) -> Iterator[Contest]:
    """Our server, the bare one of a name and the echo, all on the server's core."""
    with ExitStack() as stack:

        def start(name: str) -> Server:
            port = free_port()
            words = python_words("services.bench.bare_server", name, str(port))
            told = plan.folder / f"{name}.log"
            return Server(port, stack.enter_context(started(words, port, cores.server, told)))

        others = start(bare), start("echo")
        ours = Server(installed.port, stack.enter_context(installed.serving(cores.server)))
        yield Contest(ours, *others, each, load, plan.note)
