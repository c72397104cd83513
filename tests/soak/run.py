"""One run: the server, the load on it, what befalls it, and what must hold at the end."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from tests.soak.load import Load, Remembered
from tests.soak.stage import set_stage
from tests.support.load import WORKSPACE, stored
from tests.support.served import Served, make_key
from tests.support.small_disk import SmallDisk

Misfortune = Literal["both", "front", "back", "full disk"]
SECONDS_FULL = 8.0
# The server gives up a back that dies five times in a minute, and should.
_BACKS_A_MINUTE = 3
_AWAY_SECONDS = 30.0


@dataclass(frozen=True)
class Plan:
    """How long, and how much of what."""

    minutes: float
    kills: int
    full_disks: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What a run has shown; ``faults`` is empty if all held."""

    told: Remembered
    stored: int
    befell: dict[str, int]
    faults: list[str]


class Soak:
    """A server on a small disk, and everything that befalls it."""

    def __init__(
        self, folder: Path, disk: SmallDisk | None, plan: Plan, note: Callable[[str], None]
    ) -> None:
        self._served = Served(folder, ANSWERBACK_FORM_RATE_PER_MINUTE="100000")
        self._disk = disk
        self._plan = plan
        self._note = note
        self._chance = random.Random(plan.seed)  # noqa: S311 - a run is to be repeatable
        self._backs: deque[float] = deque()
        self._befell: dict[str, int] = {}

    def run(self) -> Outcome:
        """Play the plan; the server never outlives it."""
        try:
            return self._run()
        finally:
            self._served.kill(with_back=True)

    def _run(self) -> Outcome:
        key = make_key(self._served, WORKSPACE)
        self._served.start()
        load = Load(self._served, key, set_stage(self._served, key), self._plan.seed)
        try:
            self._befall(load)
        finally:
            load.stop()
        faults = [*load.told.wrong, *self._unlike_rebuild(), *self._unread(key, load.told)]
        if self._served.stop() != 0:
            faults.append("the server did not end well: " + self._served.told()[-1000:])
        count, lost = self._missing(load.told)
        return Outcome(load.told, count, self._befell, faults + lost)

    # What befalls

    def _befall(self, load: Load) -> None:
        begun = time.monotonic()
        for number, (moment, misfortune) in enumerate(self._schedule(), 1):
            time.sleep(max(0.0, begun + moment - time.monotonic()))
            self._strike(misfortune)
            told = load.told
            self._note(
                f"{time.monotonic() - begun:6.0f} s  {number} {misfortune}: {len(told.events)} "
                f"events, {told.opens} opens, {len(told.campaigns) + len(told.responses)} decisions"
                f" acknowledged; {told.unavailable} refused, {len(told.wrong)} wrong"
            )
        time.sleep(max(0.0, begun + self._plan.minutes * 60 - time.monotonic()))

    def _schedule(self) -> Iterator[tuple[float, Misfortune]]:
        span = self._plan.minutes * 60
        kinds: list[Misfortune] = [
            *(("both", "front", "back")[n % 3] for n in range(self._plan.kills)),
            *("full disk" for _ in range(self._plan.full_disks if self._disk else 0)),
        ]
        self._chance.shuffle(kinds)
        moments = sorted(self._chance.uniform(0, span) for _ in kinds)
        return zip(moments, kinds, strict=True)

    def _strike(self, misfortune: Misfortune) -> None:
        if misfortune == "back" and not self._may_kill_back():
            misfortune = "front"
        self._befell[misfortune] = self._befell.get(misfortune, 0) + 1
        if misfortune == "full disk" and self._disk is not None:
            self._disk.fill()
            time.sleep(SECONDS_FULL)
            self._disk.free()
        elif misfortune == "back":
            self._served.kill_back()
        else:
            self._served.kill(with_back=misfortune == "both")
            self._served.start()

    def _may_kill_back(self) -> bool:
        now = time.monotonic()
        while self._backs and self._backs[0] < now - 60:
            self._backs.popleft()
        if len(self._backs) >= _BACKS_A_MINUTE or not self._served.has_back():
            return False
        self._backs.append(now)
        return True

    # What must hold

    def _unlike_rebuild(self) -> list[str]:
        self._wait_for_reads()
        compared = self._served.run("verify")
        if compared.returncode == 0 and compared.stdout.count(" equal") > 15:
            return []
        lines = [line for line in compared.stdout.splitlines() if not line.endswith(" equal")]
        return ["verify: " + " | ".join([*lines, compared.stderr])]

    def _wait_for_reads(self) -> None:
        ends = time.monotonic() + _AWAY_SECONDS
        while time.monotonic() < ends:
            reply = httpx.get(f"{self._served.address}/readyz", timeout=60, trust_env=False)
            if reply.json()["checks"]["reads"]["ok"]:
                return
            time.sleep(0.5)

    def _unread(self, key: str, told: Remembered) -> list[str]:
        """Decisions that were acknowledged and cannot be read."""
        headers = {"Authorization": f"Bearer {key}"}
        paths = [f"campaigns/{name}" for name in sorted(told.campaigns)]
        paths += [f"responses/{name}" for name in sorted(told.responses)]
        with httpx.Client(
            base_url=self._served.address, headers=headers, trust_env=False
        ) as client:
            replies = {path: client.get(f"/api/v1/{path}", timeout=60) for path in paths}
        return [
            f"{path}: {reply.status_code}"
            for path, reply in replies.items()
            if reply.status_code != 200
        ]

    def _missing(self, told: Remembered) -> tuple[int, list[str]]:
        counts, kinds = stored(self._served.data)
        lost = [f"lost: {name}" for name in sorted(told.events) if counts[name] == 0]
        twice = [f"stored {n} times: {name}" for name, n in counts.items() if n > 1]
        if kinds["email.opened.v1"] < told.opens:
            lost.append(f"{told.opens} opens acknowledged, {kinds['email.opened.v1']} stored")
        return counts.total(), lost + twice
