"""The broker's jars: copied by Maven into a cache folder, once a machine and version."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

POM = Path(__file__).parent / "pom.xml"
_FETCH_SECONDS = 600


class NoBroker(Exception):
    """Raised when this machine cannot have a broker, with the reason."""


def jars() -> Path:
    """The folder with all jars. Raises ``NoBroker``."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise NoBroker(f"A Kafka broker needs {program}, which is not installed.")
    folder = _cache() / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Tests run in several processes; the first fetches, the others wait for it.
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "answerback"


def _fetch(folder: Path) -> None:
    """A folder appears only when it is whole."""
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    done = subprocess.run(  # noqa: S603 - our own words
        [  # noqa: S607 - whichever Maven the machine has
            "mvn", "--quiet", "--batch-mode", "--file", str(POM), "dependency:copy-dependencies",
            "-DincludeScope=runtime", f"-DoutputDirectory={partial}",
        ],
        capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise NoBroker(f"Maven cannot fetch the Kafka broker: {done.stdout[-500:]}")
    partial.rename(folder)
