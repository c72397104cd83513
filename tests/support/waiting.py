"""Waiting for what another process does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Ask again and again; fail when it is not so by then."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, f"Not so after {seconds} s."
        time.sleep(0.05)
