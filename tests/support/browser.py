"""A browser for tests: the system's Chromium, driven over its own protocol."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class NoBrowser(Exception):
    """There is no Chromium, and it could not be installed."""


def find_chromium() -> str:
    """The path of the program; a machine that is ours gets it installed. Raises ``NoBrowser``."""
    found = _found()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        found = _installed()
    if found is None:
        raise NoBrowser("Install Chromium (Debian: apt-get install chromium) for these tests.")
    return found


def _installed() -> str | None:
    """The path after an attempt to install it: by one of all test processes, others wait for it."""
    with open(Path(gettempdir()) / "answerback-chromium.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := _found()) is not None:
            return found
        for command in (("update", "-qq"), ("install", "-y", "-qq", "chromium")):
            subprocess.run(  # noqa: S603 - the commands are written here
                ["apt-get", *command],  # noqa: S607 - the system's own, wherever it lies
                capture_output=True, timeout=600, check=False,
            )  # fmt: skip
    return _found()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A running browser. Raises ``NoBrowser``."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def _found() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)
