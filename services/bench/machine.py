"""What a figure was measured on; without it no two figures can be compared."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from schemas.instants import Instant, format_instant
from services.bench.bare_sqlite import sqlite_version

_PACKAGES = ("chdb-core", "uvicorn", "httptools", "uvloop", "sqlalchemy", "pydantic", "pyarrow")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, the interpreter, the parts, and how busy all of it was when it began."""

    date: str
    commit: str
    cpu: str
    cores: int
    memory_bytes: int
    kernel: str
    python: str
    sqlite: str
    file_system: str
    load_average: float
    packages: dict[str, str]

    def shown(self) -> dict[str, Any]:
        """As the report carries it."""
        return asdict(self)


def this_machine(now: Instant, folder: Path) -> Machine:
    """What can be told from here; ``folder`` is where the data of the benches will lie."""
    return Machine(
        date=format_instant(now),
        commit=_commit(),
        cpu=_line("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=sqlite_version(),
        file_system=_file_system(folder),
        load_average=os.getloadavg()[0],
        packages={name: version(name) for name in _PACKAGES},
    )


def _line(path: str, name: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _file_system(folder: Path) -> str:
    """The kind of file system that a folder lies on: sync costs nothing on some."""
    path = str(folder.resolve())
    best, kind = "", "unknown"
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return kind
    for line in mounts.splitlines():
        _, at, found, *_ = line.split(" ")
        inside = path == at or path.startswith(at.rstrip("/") + "/")
        if inside and len(at) >= len(best):
            best, kind = at, found
    return kind


def _commit() -> str:
    """The commit that runs, if this is a checkout of it; a plus sign tells of changes since."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return "unknown"
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+" if commit and changed else commit or "unknown"


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            ["git", "-C", str(root), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def python_words(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules in a process of its own."""
    return [sys.executable, "-m", module, *arguments]
