"""Randomness that is the same in every run."""

from __future__ import annotations

from random import Random

from schemas.clock import RandomBytes


def seeded(seed: int = 1) -> RandomBytes:
    """A source of bytes that follows from its seed."""
    return Random(seed).randbytes  # noqa: S311 - tests want it to be predictable
