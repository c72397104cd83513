"""One run: the load, what befalls the installation meanwhile, and what must hold at the end."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.chaos.load import Load, Told
from tests.chaos.machines import DOORS, WORKERS, Machines, all_machines
from tests.chaos.oracle import Oracle
from tests.support.waiting import until

Note = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long under which load, and what befalls beside the outages: a kill every so often."""

    minutes: float
    rate: int
    every_seconds: float
    away_seconds: float
    seed: int


@dataclass
class Outcome:
    """What a run has shown; ``faults`` is empty if all held."""

    told: Told
    records: int
    seconds: float
    befell: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def play(folder: Path, plan: Plan, note: Note) -> Outcome:
    """Play the plan; nothing outlives it."""
    with all_machines(folder, note) as machines:
        key = _key(machines)
        _await_known(machines, key)
        load = Load(machines.installation, key, plan.rate)
        chaos = _Chaos(machines, load, plan, note)
        try:
            chaos.befall()
        finally:
            load.stop()
        machines.wait()
        note("The load has ended.")
        oracle = Oracle(machines)
        try:
            oracle.wait_until_read(note)
            faults = [
                f"{name} did not end well: {machines.installation.processes[name].told()[-500:]}"
                for name in (*DOORS, *WORKERS)
                if machines.installation.processes[name].stop() != 0
            ]
            faults += oracle.faults(load.told)
            return Outcome(load.told, oracle.count(), chaos.seconds, chaos.befell, faults)
        finally:
            oracle.close()


class _Chaos:
    """What befalls, at moments that follow from the seed."""

    def __init__(self, machines: Machines, load: Load, plan: Plan, note: Note) -> None:
        self._machines = machines
        self._load = load
        self._plan = plan
        self._note = note
        self._chance = random.Random(plan.seed)  # noqa: S311 - a run is to be repeatable
        self.befell: Counter[str] = Counter()
        self.seconds = 0.0

    def befall(self) -> None:
        """One misfortune after the other until the time is over; each kind comes at least once."""
        begun = time.monotonic()
        kinds = self._kinds()
        while (now := time.monotonic() - begun) < self._plan.minutes * 60:
            time.sleep(self._plan.every_seconds)
            name, strike = next(kinds)
            strike()
            self.befell[name] += 1
            self.befell["ended by itself"] += self._machines.supervise()
            told = self._load.told
            self._note(
                f"{now:6.0f} s  {name}: {len(told.events)} events and {len(told.campaigns)} "
                f"decisions acknowledged; {told.refused} refused, {told.unreached} not reached, "
                f"{len(told.wrong)} wrong{told.wrong[:1]}"
            )
        self.seconds = time.monotonic() - begun

    def _kinds(self) -> Iterator[tuple[str, Callable[[], None]]]:
        machines, away = self._machines, self._plan.away_seconds
        kinds: list[tuple[str, Callable[[], None]]] = [
            *((f"kill {n}", lambda n=n: machines.restart(n)) for n in (*DOORS, *WORKERS)),
            ("kill broker", machines.kill_broker),
            ("kill postgres", machines.kill_postgres),
            (f"broker away {away:g} s", lambda: machines.broker_away(away)),
            (f"postgres away {away:g} s", lambda: machines.postgres_away(away)),
            ("one worker more, one less", self._exchange),
        ]
        while True:
            self._chance.shuffle(kinds)
            yield from kinds

    def _exchange(self) -> None:
        """A third worker comes, then one leaves as an operator would have it; then back again."""
        installation = self._machines.installation
        if "worker-3" not in installation.processes:
            installation.add("worker-3", "worker")
        else:
            installation.processes["worker-3"].launch()
        time.sleep(self._plan.every_seconds)
        installation.processes["worker-2"].stop()
        time.sleep(self._plan.every_seconds)
        installation.processes["worker-2"].launch()
        installation.processes["worker-3"].stop()


def _key(machines: Machines) -> str:
    told = machines.installation.run("key", "create", "demo", "tester", "--scope", "admin")
    return next(word for word in told.split() if word.startswith("ab_"))


def _await_known(machines: Machines, key: str) -> None:
    """What another process has made is known within a second, unless PostgreSQL goes away first."""
    headers = {"Authorization": f"Bearer {key}"}
    for name, path in (("api", "/api/v1/campaigns"), ("collector", "/v1/events")):
        address = machines.installation.processes[name].address + path
        until(
            lambda address=address: (
                httpx.post(address, json=[], headers=headers, trust_env=False).status_code != 401
            )
        )
