"""Processes as the kernel tells of them: who belongs together, on which cores, and how large."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """What a family of processes holds. ``shared_fairly`` counts a page shared by two as halves."""

    resident: int
    shared_fairly: int


@dataclass(frozen=True, slots=True)
class Cores:
    """Which cores the server has, and which the load; the same ones where there is only one."""

    server: frozenset[int]
    load: frozenset[int]

    @classmethod
    def split(cls) -> Cores:
        """One core for the server, all others for what asks it."""
        first, *others = sorted(os.sched_getaffinity(0))
        return cls(frozenset((first,)), frozenset(others or (first,)))

    @property
    def told(self) -> str:
        """One sentence for the report."""
        shared = "; the load shares it" if self.server & self.load else ""
        return (
            f"The server has core {min(self.server)} for all its processes, projections and"
            f" metrics on{shared}."
        )


@contextmanager
def pinned(cores: frozenset[int]) -> Iterator[None]:
    """What is started inside runs on these cores, with all it will start itself."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found = [process]
    for one in found:
        found += children.get(one, ())
    return found


def memory(process: int) -> Memory:
    """The memory of a process and its descendants."""
    members = family(process)
    return Memory(sum(map(_resident, members)), sum(map(_shared_fairly, members)))


class Meter:
    """Counts the seconds of processor time of a process and its descendants from now on.

    Unlike the time on the wall it does not grow with what else the machine does.
    """

    def __init__(self, process: int) -> None:
        self._before = {one: _processor_time(one) for one in family(process)}

    def spent(self) -> dict[int, float]:
        """Seconds by process, so far."""
        return {one: _processor_time(one) - before for one, before in self._before.items()}


@contextmanager
def held_still(process: int) -> Iterator[None]:
    """Stop a process and its descendants for a while, so that they take nothing of the core."""
    members = family(process)
    for one in members:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in members:
            os.kill(one, signal.SIGCONT)


def _parent(folder: Path) -> int | None:
    try:
        text = (folder / "stat").read_text()
    except OSError:  # it has ended meanwhile
        return None
    return int(text.rpartition(")")[2].split()[1])


def _processor_time(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / _TICKS


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _shared_fairly(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def reset_peak() -> None:
    """Begin to watch anew for the most memory that this process holds."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """The most memory that this process has held since."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
